import http.server
import os
import socket
import threading

import pytest
from probeline.errors import UserError
from probeline.storage.redaction import redacted
from probeline.tracking.server import answering
from probeline.tracking.server.location import artifact_location, resolve, sqlite_file
from sqlalchemy.engine import make_url


def test_the_default_is_a_file_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert resolve(None, tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.chdir(tmp_path)
    assert resolve() == f"sqlite:///{tmp_path}/mlflow.db"
    assert not list(tmp_path.iterdir())


def test_the_argument_comes_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///env.db")
    assert resolve(None, tmp_path) == f"sqlite:///{tmp_path}/env.db"
    assert resolve("sqlite:///arg.db", tmp_path) == f"sqlite:///{tmp_path}/arg.db"


def test_a_server_that_is_not_there_is_one_message():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        for uri in (f"http://me:secret@127.0.0.1:{port}", f"postgresql://me:secret@127.0.0.1:{port}/mlflow"):
            with pytest.raises(UserError, match="does not answer") as error:
                resolve(uri)
            assert "secret" not in str(error.value)


def test_a_server_that_never_replies_is_given_up_soon():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(UserError, match="does not answer"):
            resolve(f"http://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.parametrize(
    ("code", "body", "says"),
    [
        (200, b"<html>hello</html>", "not as MLflow does"),
        (401, b"", "set MLFLOW_TRACKING_USERNAME"),
        (403, b"", "--allowed-hosts"),
        (404, b"", "is this address MLflow's"),
        (503, b"", "503"),
    ],
)
def test_a_server_that_will_not_do_is_told_with_what_to_do(code, body, says, monkeypatch, tmp_path):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("HOME", str(tmp_path))
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(UserError, match=says):
                resolve(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("uri", ["./mlruns", "file:///tmp/mlruns", "databricks", "ftp://x/y", "sqlite://", "nonsense"])
def test_a_place_that_cannot_be_used_is_refused_with_what_is_allowed(uri, tmp_path):
    with pytest.raises(UserError, match="sqlite:///path"):
        resolve(uri, tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("dear diary, this is not a database")
    with pytest.raises(UserError, match="is not an sqlite database"):
        resolve("sqlite:///notes.db", tmp_path)
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(UserError, match="is not a file"):
        resolve("sqlite:///folder.db", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="not a folder"):
        resolve("sqlite:///file/mlflow.db", tmp_path)


def test_artifacts_lie_beside_the_database_and_not_with_a_server(tmp_path):
    uri = f"sqlite:///{tmp_path}/a/mlflow.db"
    assert artifact_location(uri, "quickstart", tmp_path) == (tmp_path / "a/mlartifacts/quickstart").as_uri()
    assert artifact_location("http://server:5000", "quickstart", tmp_path) is None
    one, other = (artifact_location(uri, name, tmp_path) for name in ("../a b", "../a?b"))
    assert one != other
    assert "/mlartifacts/a-b-" in one


def test_names_and_passwords():
    assert redacted("postgresql://me:pw@host/db") == "postgresql://me:***@host/db"
    assert str(sqlite_file("sqlite:////tmp/a%20b.db")) == "/tmp/a b.db"
    assert sqlite_file("http://x") is None


def test_a_server_that_answers_byte_by_byte_is_given_up(monkeypatch):
    monkeypatch.setattr(answering, "ANSWER_TIMEOUT_S", 0.3)
    over = threading.Event()

    class Drips(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            while not over.wait(0.02):
                self.wfile.write(b" ")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Drips) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(UserError, match=r"does not answer \(no answer within 0\.3 s\)"):
            resolve(f"http://127.0.0.1:{server.server_port}")
        over.set()
        server.shutdown()


@pytest.mark.parametrize("name", ["50%25 done", "50% done", "what?now", "a#b", "a;b&c", "ü"])
def test_the_address_of_a_database_gives_its_file_back(name, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / name).mkdir()
    uri = resolve(None, tmp_path / name)
    assert sqlite_file(uri) == tmp_path / name / "mlflow.db"
    assert make_url(uri).database == str(tmp_path / name / "mlflow.db")
    assert resolve(uri) == uri


def test_a_folder_whose_name_is_not_utf_8_is_refused_before_anything_is_kept(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    with pytest.raises(UserError, match="not UTF-8"):
        resolve("sqlite:///mlflow.db", folder)
