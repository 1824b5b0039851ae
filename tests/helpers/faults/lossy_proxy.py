"""A proxy on loopback that forwards requests to a server and drops some replies: done, but reported lost."""

import contextlib
import http.client
import random
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
"""Headers of one connection, which a proxy does not pass on."""


class LossyProxy:
    """A context manager; `uri` is its address, `port` the server's on loopback.

    Args:
        rate: the share of replies that are dropped; the server has done what was asked all the same.
        seed: of the draws, one a request in the order in which the server answers.
    """

    def __init__(self, port: int, rate: float, seed: int) -> None:
        self.port, self.rate = port, rate
        self.forwarded: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "LossyProxy":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._server.shutdown()
        self._server.server_close()

    def drops(self, request: str) -> bool:
        """Whether the reply to a request, such as "POST runs/create", is dropped; counts it."""
        with self._lock:
            self.forwarded[request] += 1
            drop = self._random.random() < self.rate
            self.dropped[request] += drop
            return drop


def _handler(proxy: LossyProxy) -> type[BaseHTTPRequestHandler]:
    class Forward(BaseHTTPRequestHandler):
        """One request: all of it to the server, then its reply, or nothing, back."""

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP}
            connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
            try:
                connection.request(self.command, self.path, body, headers)
                reply = connection.getresponse()
                content = reply.read()
            except OSError:  # the server is away: the client's connection is closed, as its own would be
                self.close_connection = True
                return
            finally:
                connection.close()
            if proxy.drops(f"{self.command} {self.path.partition('?')[0].partition('/mlflow')[2].strip('/')}"):
                self.close_connection = True
                return
            with contextlib.suppress(ConnectionError):  # a client that was killed meanwhile
                self.send_response(reply.status)
                for key, value in reply.getheaders():
                    if key.lower() not in HOP:
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward  # noqa: N815 (the standard library's names)

        def log_message(self, *_: object) -> None:
            pass

    return Forward
