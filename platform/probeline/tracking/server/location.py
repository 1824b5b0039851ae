"""Where results are kept: which MLflow, whether it answers, and where its artifacts lie."""

import base64
import hashlib
import http.client
import json
import os
import re
import socket
import sqlite3
import ssl
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from probeline.errors import UserError, parsing
from probeline.regular_files import open_regular

DATABASES = ("postgresql", "mysql", "mssql")
PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
TRAINING = "?workflowType=machine_learning"
"""Ends an address in MLflow's UI: 3.17 opens with traces of language models unless the address says otherwise."""

TIMEOUT_S = 3.0
"""Wait for a server before saying that it does not answer."""

ALLOWED = (
    "sqlite:///path/mlflow.db, http(s)://server:port and a database such as postgresql://user@server/name (MLflow 3 no "
    "longer keeps runs in plain folders)"
)


def resolve(uri: str | None = None, directory: Path | None = None) -> str:
    """The tracking URI that is meant: `uri`, else MLFLOW_TRACKING_URI, else `mlflow.db` in `directory` (or here).

    Raises UserError, within seconds, where nothing can be read there, nor be written for the first time.
    """
    directory = (directory or Path.cwd()).resolve()
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or sqlite_uri(directory / "mlflow.db")
    with parsing(f"tracking URI {redacted(uri)!r}", ALLOWED):
        scheme = uri.partition(":")[0].partition("+")[0].lower()
        if scheme == "sqlite":
            return _checked_sqlite(uri, directory)
        urlsplit(uri)  # raises for an address that is none
    if scheme in ("http", "https"):
        return _checked_server(uri)
    if scheme in DATABASES:
        return _checked_database(uri, scheme)
    raise UserError(f"tracking URI {redacted(uri)!r}: cannot be used; allowed are {ALLOWED}")


def sqlite_uri(file: Path) -> str:
    """The tracking URI of a database file; `sqlite_file` gives the file back, whatever its folders are called.

    With characters that need an escape it names the driver too: MLflow makes the folder of a plain `sqlite:///` address
    without taking the escapes back.
    """
    path = str(file).replace("%", "%25").replace("?", "%3F")
    return f"sqlite:///{path}" if path == str(file) else f"sqlite+pysqlite:///{path}"


def sqlite_file(uri: str) -> Path | None:
    """The database file of an sqlite URI; None for any other URI."""
    match = re.match(r"sqlite(\+\w+)?:///(?P<path>[^?]+)", uri, re.IGNORECASE)
    return Path(unquote(match["path"])) if match else None


def file_of(uri: str | None) -> Path | None:
    """The path on this machine of a `file:` URI, its escapes taken back; None for any other URI."""
    parts = urlsplit(uri or "")
    return Path(unquote(parts.path)) if parts.scheme == "file" and not parts.netloc else None


def artifact_location(uri: str, experiment: str, directory: Path) -> str | None:
    """The folder for an experiment's artifacts; None where the server decides.

    `mlartifacts` beside the sqlite file, or in `directory` for another database used without a server.
    """
    if uri.startswith("http"):
        return None
    file = sqlite_file(uri)
    root = (file.parent if file else directory).resolve() / "mlartifacts"
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", experiment)[:60].strip(".-") or "experiment"
    if slug != experiment:
        slug += "-" + hashlib.sha256(experiment.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return (root / slug).as_uri()


def run_address(uri: str, experiment_id: str | None, run_id: str) -> str | None:
    """Where a tracking server shows a run, without a login; None where there is no server."""
    if not uri.startswith(("http://", "https://")) or experiment_id is None:
        return None
    parts = urlsplit(uri.rstrip("/"))
    server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return f"{server}/#/experiments/{experiment_id}/runs/{run_id}{TRAINING}"


def redacted(uri: str) -> str:
    """`uri` without a password, to be shown."""
    return re.sub(r"(://[^/@:]*):[^@/]*@", r"\1:***@", uri)


def check_writable(uri: str) -> None:
    """Raises UserError where a run could not write to the tracking database; a server says so itself."""
    file = sqlite_file(uri)
    if file is None:
        return
    if not os.access(file if file.exists() else _folder_above(file), os.W_OK) or (
        file.exists() and not os.access(file.parent, os.W_OK | os.X_OK)  # its journal lies beside it
    ):
        raise UserError(
            f"{file}: this user may not write there; name another database (--tracking-uri sqlite:////FOLDER/mlflow.db)"
        )


def _checked_sqlite(uri: str, directory: Path) -> str:
    file, what = sqlite_file(uri), f"tracking URI {uri!r}"
    if file is None or not file.name or file.name == ":memory:":
        raise UserError(f"{what}: names no file; write sqlite:///path/mlflow.db")
    if "?" in uri:
        raise UserError(f"{what}: takes no options; write a question mark in a folder's name as %3F")
    file = (directory / file).resolve()
    if file.exists():
        _check_database_file(what, file)
    elif not os.access(_folder_above(file), os.W_OK | os.X_OK):
        raise UserError(f"{what}: {_folder_above(file)} is not a folder that can be written to")
    try:
        str(file).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(
            f"{what}: a folder's name is not UTF-8 text, so MLflow can keep nothing there; rename it"
        ) from None
    return sqlite_uri(file)


def _folder_above(file: Path) -> Path:
    """The nearest thing that is there above a file that is not."""
    return next(folder for folder in file.parents if folder.exists())


def _check_database_file(what: str, file: Path) -> None:
    if not file.is_file() or not os.access(file, os.R_OK):
        raise UserError(f"{what}: {file} is not a file that can be read")
    with open_regular(file) as stream:
        start = stream.read(16)
    if start and start != b"SQLite format 3\0":
        raise UserError(f"{what}: {file} is not an sqlite database; name another file")
    try:
        with closing(sqlite3.connect(file, timeout=TIMEOUT_S)) as connection:
            connection.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if "locked" not in str(error):  # another writer at work is no fault
            raise UserError(f"{what}: {file} cannot be read ({error}); restore or remove it") from None


def _checked_server(uri: str) -> str:
    uri = uri.rstrip("/")
    what = f"MLflow server {redacted(uri)}"
    request, login = _question(uri)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            json.load(reply)
    except urllib.error.HTTPError as error:
        if error.code == 401 and not login and _login_elsewhere():
            return uri
        raise UserError(f"{what}: answers {error.code} {error.reason}; {_advice(error.code)}") from None
    except json.JSONDecodeError:
        raise UserError(f"{what}: answers, but not as MLflow does; check the address") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLError) and _certificates_elsewhere():
            return uri
        raise UserError(_silent(what, error)) from None
    return uri


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


def _checked_database(uri: str, scheme: str) -> str:
    what = f"tracking database {redacted(uri)}"
    parts = urlsplit(uri)
    try:
        if parts.hostname:  # without a host it is a local socket, which the driver finds
            socket.create_connection((parts.hostname, parts.port or PORTS[scheme]), timeout=TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        raise UserError(_silent(what, error)) from None
    _check_driver(uri, what)
    return uri


def _check_driver(uri: str, what: str) -> None:
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
        raise UserError(f"{what}: {redacted(str(error))}; allowed are {ALLOWED}") from None


def _silent(what: str, error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return (
        f"{what}: does not answer ({reason}); start it, correct --tracking-uri or MLFLOW_TRACKING_URI, "
        "or leave both out to keep results in ./mlflow.db"
    )
