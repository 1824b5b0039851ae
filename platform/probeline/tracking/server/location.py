"""Where results are kept: which MLflow, and where its artifacts lie."""

import hashlib
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from probeline.errors import UserError, parsing
from probeline.storage.redaction import redacted
from probeline.storage.regular_files import open_regular
from probeline.tracking.server.answering import checked_database, checked_server

DATABASES = ("postgresql", "mysql", "mssql")
TRAINING = "?workflowType=machine_learning"
"""Ends an address in MLflow's UI: 3.17 opens with traces of language models unless the address says otherwise."""

ARTIFACTS = "mlartifacts"
"""The folder of all artifacts, beside the database."""

LOCK_TIMEOUT_S = 3.0
"""Wait for another process's transaction before a database file is taken as sound."""

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
        return checked_server(uri)
    if scheme in DATABASES:
        return checked_database(uri, scheme)
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
    root = (file.parent if file else directory).resolve() / ARTIFACTS
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


def check_writable(uri: str) -> None:
    """Raises UserError where a run could not write to the tracking database; a server refuses by itself."""
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
    if "\0" in str(file):  # Python 3.13 words it otherwise
        raise ValueError("embedded null byte")
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
        with closing(sqlite3.connect(file, timeout=LOCK_TIMEOUT_S)) as connection:
            connection.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if "locked" not in str(error):  # another writer at work is no fault
            raise UserError(f"{what}: {file} cannot be read ({error}); restore or remove it") from None
