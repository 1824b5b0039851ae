"""Messages to a real web server on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from probeline.errors import UserError
from probeline.execution import notifications
from probeline.execution.notifications import Notifier, silence
from probeline.experiment.notify import Notify


@pytest.fixture
def server(monkeypatch):
    """A server that keeps what it is sent; `answers` are its next status codes, 200 when there are none."""
    received, answers = [], []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = answers.pop(0) if answers else 200
            received.append((status, dict(self.headers), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *values):
            pass

    http = HTTPServer(("127.0.0.1", 0), Keep)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("PROBELINE_NOTIFY_URL", f"http://127.0.0.1:{http.server_port}/hook")
    monkeypatch.setattr(notifications, "FIRST_PAUSE_S", 0.01)
    yield received, answers
    http.shutdown()
    http.server_close()
    thread.join()


def told(settings, *messages):
    notifier = Notifier(settings, "ablation")
    for message in messages:
        notifier.tell(*message)
    notifier.close()


def test_the_end_of_a_run_is_sent_as_json(server):
    told(Notify(), ("end", "12 trials finished", "All is well.", {"finished": 12}))
    ((_, headers, body),) = server[0]
    expected = {"title": "ablation: 12 trials finished", "text": "All is well.", "experiment": "ablation"}
    assert json.loads(body) == expected | {"occasion": "end", "finished": 12}
    assert headers["Content-Type"] == "application/json"


def test_every_receiver_gets_the_form_that_it_understands(server):
    for name in ("ntfy", "slack", "teams"):
        told(Notify(format=name), ("end", "done", "All is well.", {}))
    (_, headers, plain), (_, _, slack), (_, _, teams) = server[0]
    assert plain == b"All is well." and headers["Title"] == "ablation: done"
    assert json.loads(slack) == {"text": "*ablation: done*\nAll is well."}
    assert json.loads(teams)["attachments"][0]["content"]["body"][1]["text"] == "All is well."


def test_only_the_first_failure_of_a_kind_is_sent_and_without_logins(server):
    notifier = Notifier(Notify(), "ablation")
    for message in ("no route to s3://me:hunter2@bucket/x", "again", "again"):
        notifier.failed("infrastructure", message)
    notifier.failed("diverged", "the loss is not finite")
    notifier.close()
    texts = [json.loads(body)["text"] for _, _, body in server[0]]
    assert len(texts) == 2 and "hunter2" not in texts[0] and texts[1] == "the loss is not finite"


def test_what_the_spec_does_not_ask_for_is_not_sent(server):
    told(Notify(on=("failure",)), ("end", "done", "", {}))
    told(None, ("end", "done", "", {}))
    assert not server[0]


def test_a_server_that_fails_for_a_moment_is_tried_again_and_a_refusal_is_not(server):
    received, answers = server
    answers += [503, 429]
    told(Notify(), ("end", "done", "", {}))
    assert [status for status, *_ in received] == [503, 429, 200]
    answers.append(404)
    told(Notify(), ("end", "done", "", {}))
    assert [status for status, *_ in received][3:] == [404]


def test_a_receiver_that_is_not_there_is_given_up_and_the_run_ends(monkeypatch):
    monkeypatch.setenv("PROBELINE_NOTIFY_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setattr(notifications, "FIRST_PAUSE_S", 0.01)
    notifier = Notifier(Notify(), "ablation")
    notifier.tell("end", "done", "", {})
    notifier.close()
    assert not any(thread.name == "probeline-notify" for thread in threading.enumerate())


def test_no_address_is_told_and_one_that_is_none_is_refused(monkeypatch):
    monkeypatch.delenv("MY_HOOK", raising=False)
    assert silence(Notify(url_from="MY_HOOK")) == "notify: $MY_HOOK is not set, so nothing is sent"
    monkeypatch.setenv("MY_HOOK", "file:///etc/passwd")
    with pytest.raises(UserError, match=r"\$MY_HOOK holds no web address"):
        Notifier(Notify(url_from="MY_HOOK"), "x")
