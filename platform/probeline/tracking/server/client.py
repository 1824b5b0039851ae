"""An MLflow client that is quiet and gives up soon; waiting is the writer's work."""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from probeline.errors import StorageError, UserError
from probeline.storage import file_lock
from probeline.storage.redaction import redacted
from probeline.tracking.server.location import sqlite_file

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

T = TypeVar("T")

# MLflow reads the first two at every request; 7 retries and 120 s are its own, which is four minutes of silence. A
# server without a free database connection says so after 30 s; a request given up before would wait there and be done.
QUIET = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "40",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}

# Sent again, these fail again; anything else that MLflow raises is transient and retried with back-off.
PERMANENT = {
    "BAD_REQUEST",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "ENDPOINT_NOT_FOUND",
    "NOT_IMPLEMENTED",
    "PERMISSION_DENIED",
    "RESOURCE_DOES_NOT_EXIST",
    "UNAUTHENTICATED",
}

# In these words of a database; two that write a key for the first time at once, and the one refused then finds it.
RACES = ("UNIQUE constraint failed", "UniqueViolation", "Duplicate entry")

POOL = "QueuePool limit"
"""In SQLAlchemy's words where all connections of the pool are in use; MLflow passes it on as BAD_REQUEST."""

POOL_REMEDY = (
    "raise MLFLOW_SQLALCHEMYSTORE_POOL_SIZE and MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW where the server is started, or "
    "let fewer runs write at once"
)

ANSWERS = {
    500: f"an error of its own, which its log tells; where that is an exhausted database pool, {POOL_REMEDY}",
    502: "the proxy before it does not reach it",
    503: "it is busy, or its database is locked by another process",
    504: "it does not answer the proxy before it",
}
"""What a server means by its status, of which MLflow's client passes on the number alone."""

STATUS = re.compile(r"too many (\d{3}) error responses")
RETRIES = re.compile(r"^(API request to \S+ failed) with exception .*\(Caused by (.*)\)$")

LOST = (POOL, "InterfaceError", "connection already closed")
"""In these words of SQLAlchemy, which MLflow passes on as BAD_REQUEST; the server's next connection may do."""

AWAY = ("NewConnectionError", "Connection refused")
"""In these words of urllib3 where nobody listens: no reply was lost."""

ATTEMPTS, PAUSES_S, RETRY_FOR_S = 10, (0.05, 0.1, 0.2, 0.5), 10.0
"""How often, after which pauses and for how long a request is tried that may be sent twice."""

OTHER_VERSION = "out-of-date database schema"
"""In MLflow's words where it refuses the tables of another version."""


def connect(uri: str) -> "MlflowClient":
    """A client for `uri`; makes and migrates an sqlite file that does not exist yet (about 2 s).

    Raises UserError where the database's tables are those of another version of MLflow.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow.tracking import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # the writer reports a locked database
    with exclusive_store(uri):
        try:
            return MlflowClient(tracking_uri=uri, registry_uri=uri)
        except Exception as error:
            if OTHER_VERSION not in str(error):
                raise
            raise UserError(
                f"results in {redacted(uri)} are those of another version of MLflow; copy the database, then run: "
                f"mlflow db upgrade '{redacted(uri)}'"
            ) from error


def passing(error: Exception) -> bool:
    """Whether the same call may succeed later: the server is away or busy, the database is locked."""
    code = getattr(error, "error_code", None)
    if code is not None:
        return code not in PERMANENT or any(words in str(error) for words in RACES + LOST)
    if isinstance(error, OSError | StorageError):
        return True
    return type(error).__module__.startswith(("sqlalchemy", "sqlite3", "alembic"))


def overloaded(error: Exception) -> bool:
    """Whether the server had more to do than its database pool or its workers allow."""
    return POOL in str(error) or STATUS.search(str(error)) is not None


def reason(error: Exception) -> str:
    """What went wrong, in a line that can be shown, with the remedy where there is one."""
    words = str(error)
    if POOL in words:
        return f"all connections of the server's database pool are in use; {POOL_REMEDY}"
    status = STATUS.search(words)
    if status and int(status[1]) in ANSWERS:
        return f"the tracking server answers {status[1]}: {ANSWERS[int(status[1])]}"
    first = RETRIES.sub(r"\1: \2", words.strip().partition("\n")[0])
    return redacted(first[:300]) or type(error).__name__


def retried(request: Callable[[], T]) -> T:
    """What a request returns that may be sent twice, a question or a tag; tried again where its reply got lost.

    Raises what the last attempt raised: the first one where nobody listens or a server hangs.
    """
    until = time.monotonic() + RETRY_FOR_S
    for attempt in range(1, ATTEMPTS):
        try:
            return request()
        except Exception as error:
            hopeless = any(words in str(error) for words in (*AWAY, POOL))
            if hopeless or not passing(error) or time.monotonic() > until:
                raise
            time.sleep(PAUSES_S[min(attempt, len(PAUSES_S)) - 1])
    return request()


def gone(error: Exception) -> bool:
    """Whether the run or experiment that was written to has been deleted."""
    code = getattr(error, "error_code", None)
    return code == "RESOURCE_DOES_NOT_EXIST" or (code in PERMANENT and "must be in" in str(error))


@contextmanager
def exclusive_store(uri: str) -> Iterator[None]:
    """Holds a lock beside an sqlite file: two processes that make or migrate its tables at once break each other."""
    file = sqlite_file(uri)
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file_lock.held_folder(file.parent):
        yield
