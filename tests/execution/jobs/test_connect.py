"""What is said where a job server cannot be used; the server is a plain one of this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import ray
from probeline.errors import UserError
from probeline.execution.jobs.client import connect

VERSION = 200, json.dumps({"version": "4", "ray_version": ray.__version__, "ray_commit": "", "session_name": ""})


@pytest.fixture
def refusing(request):
    """The address of a server that answers all with a status and a text; of two the first is its version."""
    *first, last = request.param if isinstance(request.param, list) else [request.param]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = first[0] if first and "version" in self.path else last
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("refusing", "said"),
    [
        (
            (401, "Unauthorized: Missing authentication token"),
            "Missing authentication token; set RAY_AUTH_MODE=token, and",
        ),
        (
            (403, "Forbidden: Invalid authentication token"),
            "Invalid authentication token; set RAY_AUTH_MODE=token, and",
        ),
        ((500, "broken"), "it does not answer as a job server"),
    ],
    indirect=["refusing"],
)
def test_a_server_that_wants_a_token_is_told_from_one_that_is_none(refusing, said):
    with pytest.raises(UserError, match=said):
        connect(refusing)


@pytest.mark.parametrize(
    ("refusing", "said"),
    [
        ([VERSION, (500, "No available agent to submit job")], "its own --dashboard-agent-listen-port"),
        ([VERSION, (401, "Unauthorized: Expired authentication token")], "Expired .*; set RAY_AUTH_MODE=token"),
    ],
    indirect=["refusing"],
)
def test_what_a_server_refuses_later_is_told_with_what_to_do(refusing, said):
    jobs = connect(refusing)
    with pytest.raises(UserError, match=said):
        jobs.all()
