"""An MLflow client that is quiet and gives up soon; waiting is the writer's work."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from probeline.errors import StorageError, UserError
from probeline.storage import file_lock
from probeline.storage.redaction import redacted
from probeline.tracking.server.location import sqlite_file

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

# MLflow reads the first two at every request; 7 retries and 120 s are its own, which is four minutes of silence.
QUIET = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
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
        return code not in PERMANENT or any(words in str(error) for words in RACES)
    if isinstance(error, OSError | StorageError):
        return True
    return type(error).__module__.startswith(("sqlalchemy", "sqlite3", "alembic"))


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
