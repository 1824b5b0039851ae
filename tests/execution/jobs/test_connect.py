"""What is said where a job server cannot be used; the server is a plain one of this machine."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from probeline.errors import UserError
from probeline.execution.jobs.client import connect


@pytest.fixture
def refusing(request):
    """The address of a server that answers every question with a status and a text."""
    status, text = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
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
        ((500, "broken"), "no job server answers there"),
    ],
    indirect=["refusing"],
)
def test_a_server_that_wants_a_token_is_told_from_one_that_is_none(refusing, said):
    with pytest.raises(UserError, match=said):
        connect(refusing)
