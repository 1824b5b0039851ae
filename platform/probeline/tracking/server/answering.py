"""Whether a tracking server or database answers, asked once and within seconds."""

import base64
import http.client
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from probeline.errors import UserError
from probeline.storage.deadline import within
from probeline.storage.redaction import redacted

PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}

TIMEOUT_S = 3.0
"""Wait for a connection, or for the next byte of a server that sends some."""

ANSWER_TIMEOUT_S = 6.0
"""Wait for the whole answer, however slowly it comes."""

ATTEMPTS, PAUSE_S = 10, 0.1
"""Questions, and seconds between two, where the reply gets lost."""

MAX_ANSWER_BYTES = 10_000_000


def checked_server(uri: str) -> str:
    """The address of an MLflow server that answers, without a slash at its end. Raises UserError."""
    uri = uri.rstrip("/")
    what = f"MLflow server {redacted(uri)}"
    request, login = _question(uri)
    try:
        json.loads(within(ANSWER_TIMEOUT_S, lambda: _answer_or_again(request)))
    except urllib.error.HTTPError as error:
        if error.code == 401 and not login and _login_elsewhere():
            return uri
        raise UserError(f"{what}: answers {error.code} {error.reason}; {_advice(error.code)}") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise UserError(f"{what}: answers, but not as MLflow does; check the address") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLError) and _certificates_elsewhere():
            return uri
        raise UserError(not_answering(what, error)) from None
    return uri


def _answer_or_again(request: urllib.request.Request) -> bytes:
    """Asks again where the connection is closed before the reply, as a network does that loses some."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _answer(request)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            time.sleep(PAUSE_S)
    return _answer(request)


def _answer(request: urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
        return reply.read(MAX_ANSWER_BYTES)


def _question(uri: str) -> tuple[urllib.request.Request, bool]:
    # The cheapest thing that only MLflow answers, with the login that MLflow's client would take from the environment.
    parts = urlsplit(uri)
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    request = urllib.request.Request(f"{address}/api/2.0/mlflow/experiments/search?max_results=1")
    user = os.environ.get("MLFLOW_TRACKING_USERNAME") or parts.username
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD") or parts.password
    if user and password:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    elif token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        request.add_header("Authorization", f"Bearer {token}")
    return request, request.has_header("Authorization")


def _login_elsewhere() -> bool:
    ways = ("MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_AWS_SIGV4")
    return any(map(os.environ.get, ways)) or (Path.home() / ".mlflow/credentials").exists()


def _certificates_elsewhere() -> bool:
    return any(map(os.environ.get, ("MLFLOW_TRACKING_INSECURE_TLS", "MLFLOW_TRACKING_SERVER_CERT_PATH")))


def _advice(code: int) -> str:
    if code == 401:
        return "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
    if code == 403:
        return "it refuses this login, or its --allowed-hosts lacks this name"
    if code == 404:
        return "is this address MLflow's?"
    return "see its log"


def checked_database(uri: str, scheme: str) -> str:
    """The address of a database whose host answers and whose driver is installed. Raises UserError."""
    what = f"tracking database {redacted(uri)}"
    parts = urlsplit(uri)
    try:
        if parts.hostname:  # without a host it is a local socket, which the driver finds
            socket.create_connection((parts.hostname, parts.port or PORTS[scheme]), timeout=TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        raise UserError(not_answering(what, error)) from None
    _check_driver(uri, scheme, what)
    return uri


def _check_driver(uri: str, scheme: str, what: str) -> None:
    """Raises UserError where the package is not installed by which SQLAlchemy speaks to this database."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        dialect = make_url(uri).get_dialect()
        dialect.import_dbapi()
    except ImportError as error:
        named = "postgresql+psycopg2://..." if "postgresql" in uri else "mysql+pymysql://..."
        raise UserError(
            f"{what}: its driver is not installed ({error}); pip install {error.name or 'it'}, or name one that is, "
            f"such as {named}"
        ) from None
    except SQLAlchemyError as error:
        raise UserError(f"{what}: {redacted(str(error))}; allowed: {scheme}://user@server/name") from None


def not_answering(what: str, error: Exception) -> str:
    """What to say of an address that does not answer."""
    reason = getattr(error, "reason", error)
    return (
        f"{what}: does not answer ({reason}); start it, correct --tracking-uri or MLFLOW_TRACKING_URI, "
        "or leave both out to keep results in ./mlflow.db"
    )
