"""The page's HTTP server: by default for browsers of this machine, with no file from another host."""

import logging
import socket
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from dash import Dash
from flask import Flask, Response, abort, request
from plotly.offline import get_plotlyjs
from werkzeug.serving import make_server

from probeline_dashboard import callbacks, layout
from probeline_dashboard.board import Board

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PREFIX = "/_probeline/"
TEMPLATE = """<!doctype html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%css%}</head>
<body>{%app_entry%}<footer class="scripts">{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""
"""Dash's template with a language and without the tags for Internet Explorer."""


def application(board: Board, host: str = "127.0.0.1") -> Dash:
    """The Dash application of a board; requests under another host name than `host` or the loopback's are refused."""
    server = Flask("probeline_dashboard")
    _files(server)
    app = Dash(
        "probeline_dashboard",
        server=server,  # type: ignore[arg-type]  # Dash documents a Flask server here but annotates a bool or factory
        title="Probeline live",
        update_title="",
        assets_folder=str(Path(__file__).parent / "assets"),
        index_string=TEMPLATE,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
        external_scripts=[f"{PREFIX}plotly.js", f"{PREFIX}figures.js"],
        external_stylesheets=[f"{PREFIX}page.css"],
    )
    app.layout = layout.page(board)
    callbacks.register(app, board)
    _guard(server, host, app.csp_hashes())
    return app


def _files(server: Flask) -> None:
    """Serves the report's style sheet and script, and its version of plotly.js."""
    report = resources.files("probeline.report")
    texts = {
        "plotly.js": (get_plotlyjs(), "text/javascript"),
        "figures.js": (report.joinpath("formats/figures.js").read_text(encoding="utf-8"), "text/javascript"),
        "page.css": (report.joinpath("formats/page.css").read_text(encoding="utf-8"), "text/css"),
    }

    @server.get(f"{PREFIX}<name>")
    def static_file(name: str) -> Response:
        if name not in texts:
            abort(404)
        text, kind = texts[name]
        reply = Response(text, mimetype=kind)
        reply.add_etag()
        reply.make_conditional(request)  # in place
        return reply


def _guard(server: Flask, host: str, hashes: Sequence[str]) -> None:
    """Refuses requests under foreign host names and adds the security headers; `hashes`: of inline scripts."""
    # A page of another site may make a browser ask this server under that site's name (DNS rebinding): such a name is
    # refused. With a wildcard host the right names cannot be determined.
    allowed = LOOPBACK | {host}

    @server.before_request
    def refuse_foreign_names() -> None:
        if host not in ("0.0.0.0", "::") and urlsplit(f"//{request.host}").hostname not in allowed:
            abort(403, f"Probeline's dashboard answers to {', '.join(sorted(allowed))} only (--host)")

    policy = (
        f"default-src 'none'; script-src 'self' {' '.join(hashes)}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )

    @server.after_request
    def add_security_headers(reply: Response) -> Response:
        reply.headers["Content-Security-Policy"] = policy
        reply.headers["X-Content-Type-Options"] = "nosniff"
        reply.headers["Referrer-Policy"] = "no-referrer"
        return reply


def serve(listener: socket.socket, board: Board, host: str) -> None:
    """Serves the page on a listening socket, one thread per request, until Ctrl-C."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = listener.getsockname()[1]
    server = make_server(host, port, application(board, host).server, threaded=True, fd=listener.fileno())
    if host not in LOOPBACK:
        print("note: whoever reaches this address can read the results", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopped", flush=True)
