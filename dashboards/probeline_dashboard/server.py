"""The page's server: on this machine, for this machine's browsers, with nothing from any other."""

import logging
import socket
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from dash import Dash
from flask import Flask, Response, abort, request
from plotly.offline import get_plotlyjs
from probeline.errors import UserError
from werkzeug.serving import make_server

from probeline_dashboard import callbacks, layout
from probeline_dashboard.board import Board

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
NEARBY = 20  # ports that are tried for one to advise
OURS = "/_probeline/"
TEMPLATE = """<!doctype html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%css%}</head>
<body>{%app_entry%}<footer class="scripts">{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""
"""Dash's own, with a language and without what is for Internet Explorer."""


def application(board: Board, host: str = "127.0.0.1") -> Dash:
    """The page of a board. Browsers that reach it under another name than `host` are refused."""
    server = Flask("probeline_dashboard")
    _files(server)
    app = Dash(
        "probeline_dashboard",
        server=server,
        title="Probeline live",
        update_title=None,
        assets_folder=str(Path(__file__).parent / "assets"),
        index_string=TEMPLATE,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
        external_scripts=[f"{OURS}plotly.js", f"{OURS}figures.js"],
        external_stylesheets=[f"{OURS}page.css"],
    )
    app.layout = layout.page(board)
    callbacks.register(app, board)
    _guard(server, host, app.csp_hashes())
    return app


def _files(server: Flask) -> None:
    """The report's own style and script, and plotly.js as the report has it."""
    report = resources.files("probeline.report")
    texts = {
        "plotly.js": (get_plotlyjs(), "text/javascript"),
        "figures.js": (report.joinpath("formats/figures.js").read_text(encoding="utf-8"), "text/javascript"),
        "page.css": (report.joinpath("formats/page.css").read_text(encoding="utf-8"), "text/css"),
    }

    @server.get(f"{OURS}<name>")
    def ours(name: str) -> Response:
        if name not in texts:
            abort(404)
        text, kind = texts[name]
        reply = Response(text, mimetype=kind)
        reply.add_etag()
        return reply.make_conditional(request)


def _guard(server: Flask, host: str, hashes: list[str]) -> None:
    # A page of another site may make a browser ask this server under that site's name (DNS rebinding): such a name is
    # refused. With a host that stands for all addresses nobody can say which names are right.
    allowed = LOOPBACK | {host}

    @server.before_request
    def known_name() -> None:
        if host not in ("0.0.0.0", "::") and urlsplit(f"//{request.host}").hostname not in allowed:
            abort(403, f"Probeline's dashboard answers to {', '.join(sorted(allowed))} only (--host)")

    policy = (
        f"default-src 'none'; script-src 'self' {' '.join(hashes)}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )

    @server.after_request
    def nothing_from_elsewhere(reply: Response) -> Response:
        reply.headers["Content-Security-Policy"] = policy
        reply.headers["X-Content-Type-Options"] = "nosniff"
        reply.headers["Referrer-Policy"] = "no-referrer"
        return reply


def listen(host: str, port: int) -> socket.socket:
    """A socket at the address. Raises UserError where it is in use or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return _bound(family, host, port)
    except PermissionError as error:
        raise UserError(f"--port {port}: needs root; take one above 1023") from error
    except OSError as error:
        if port and (free := _free(family, host, port)):
            raise UserError(f"--port {port}: in use on {host}; --port {free} is free") from error
        raise UserError(f"--host {host} --port {port}: cannot be listened on ({error.strerror or error})") from error
    except OverflowError as error:
        raise UserError(f"--port {port}: allowed are 0 to 65535") from error


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(64)
    except BaseException:
        bound.close()
        raise
    return bound


def _free(family: socket.AddressFamily, host: str, port: int) -> int | None:
    for near in range(port + 1, min(port + 1 + NEARBY, 65536)):
        try:
            _bound(family, host, near).close()
        except OSError:
            continue
        return near
    return None


def serve(bound: socket.socket, board: Board, host: str) -> None:
    """Answers on a socket that listens, each request in a thread, until Ctrl-C."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = bound.getsockname()[1]
    server = make_server(host, port, application(board, host).server, threaded=True, fd=bound.fileno())
    shown = f"[{host}]" if ":" in host else host
    print(f"{', '.join(board.names[:3])}: http://{shown}:{port}  (Ctrl-C stops it)", flush=True)
    if host not in LOOPBACK:
        print("note: whoever reaches this address can read the results", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopped", flush=True)
