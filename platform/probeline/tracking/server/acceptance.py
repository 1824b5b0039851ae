"""Lasting refusals of a store, found before anything is trained: a deleted experiment, tables of another MLflow.

An sqlite file is asked by SQL and MLflow's migrations are read as text, without the 2 s that loading MLflow takes.
"""

import importlib.util
import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from probeline.errors import UserError
from probeline.storage.redaction import redacted
from probeline.tracking.server.client import connect, exclusive_store, retried
from probeline.tracking.server.location import sqlite_file

LOCK_TIMEOUT_S = 20.0
"""Wait for another process's transaction, as MLflow does."""

MIGRATIONS = Path("store/db_migrations/versions")
REVISION = re.compile(r"^(down_)?revision\s*(?::[^=]+)?=\s*[\"'](\w+)[\"']", re.MULTILINE)


def check(uri: str, experiment: str) -> None:
    """Raises UserError, with the remedy, where the store at `uri` will never take trials of this experiment.

    A store that does not answer, or has no tables yet, is not refused here.
    """
    file = sqlite_file(uri)
    if file is None:
        _check_by_client(uri, experiment)
    elif file.exists() and file.stat().st_size:
        _check_by_sql(uri, file, experiment)


def deleted(uri: str, experiment: str, experiment_id: str) -> str:
    """What to say of a deleted experiment, whose name MLflow keeps."""
    address = redacted(uri)
    return (
        f"the MLflow experiment {experiment!r} was deleted; bring it back (MLFLOW_TRACKING_URI='{address}' mlflow "
        f"experiments restore --experiment-id {experiment_id}), remove it for good (mlflow gc --backend-store-uri "
        f"'{address}' --experiment-ids {experiment_id}), or change the spec's name"
    )


@cache
def revisions() -> tuple[str, frozenset[str]]:
    """(the revision of the tables that the installed MLflow works with, all revisions that it can start from)."""
    package = importlib.util.find_spec("mlflow")
    if package is None or package.origin is None:
        return "", frozenset()
    own: set[str] = set()
    earlier: set[str] = set()
    for file in (Path(package.origin).parent / MIGRATIONS).glob("*.py"):
        for down, revision in REVISION.findall(file.read_text(encoding="utf-8")):
            (earlier if down else own).add(revision)
    heads = own - earlier
    return (heads.pop() if len(heads) == 1 else ""), frozenset(own)


def _check_by_client(uri: str, experiment: str) -> None:
    client = connect(uri)
    existing = retried(lambda: client.get_experiment_by_name(experiment))
    if existing is not None and existing.lifecycle_stage != "active":
        raise UserError(deleted(uri, experiment, existing.experiment_id))


def _check_by_sql(uri: str, file: Path, experiment: str) -> None:
    if _other_revision(file):
        with exclusive_store(uri):  # another process may be making the tables right now
            revision = _other_revision(file)
            if revision in revisions()[1] and _holds_nothing(
                file
            ):  # whoever made its tables was killed; MLflow makes them anew
                remove_database(file)
                return
        if revision:
            raise UserError(_outdated(uri, revision))
    stage = _first(file, "select experiment_id, lifecycle_stage from experiments where name = ?", experiment)
    if stage is not None and stage[1] != "active":
        raise UserError(deleted(uri, experiment, str(stage[0])))


def _other_revision(file: Path) -> str:
    """The revision of the file's tables where it is not MLflow's, else ""."""
    row = _first(file, "select version_num from alembic_version")
    head = revisions()[0]
    return row[0] if row is not None and head and row[0] != head else ""


def _holds_nothing(file: Path) -> bool:
    """Whether a store has no run and no experiment but MLflow's own first one."""
    return all(
        (_first(file, f"select count(*) from {table}") or (0,))[0] <= most
        for table, most in (("runs", 0), ("experiments", 1))
    )


def remove_database(file: Path) -> None:
    """Removes an sqlite file and what belongs to it, its journals first, so that none is taken for a new file's."""
    for suffix in ("-journal", "-wal", "-shm", ""):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _outdated(uri: str, revision: str) -> str:
    head, upgradable = revisions()
    what = f"results in {redacted(uri)} are those of another version of MLflow (tables {revision}, here {head})"
    if revision in upgradable:
        return f"{what}; copy the database, then run: mlflow db upgrade '{redacted(uri)}'"
    return f"{what}; install the MLflow that wrote them (pip install --upgrade mlflow), or name another database"


def _first(file: Path, statement: str, *values: str) -> tuple | None:
    """The first row; None where there is none, or no such table."""
    try:
        with closing(sqlite3.connect(file, timeout=LOCK_TIMEOUT_S)) as connection:
            connection.execute("pragma query_only = on")
            return connection.execute(statement, values).fetchone()
    except sqlite3.OperationalError:  # no such table, or locked: whoever reads the file next says so
        return None
