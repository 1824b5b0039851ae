"""Artifacts beside an sqlite file: MLflow stores their address in full, and it follows a folder that was moved.

A project's folder that is renamed or copied holds its database and its artifacts still, under another path. Readers
take the address as seen from where the database is now, and whoever writes puts it right in the database first.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath

from probeline.tracking.server.location import ARTIFACTS, artifact_location, file_of, sqlite_file

LOCK_TIMEOUT_S = 20.0
"""Wait for another process's transaction, as MLflow does."""

AT_ONCE = 500  # run ids in one statement


def current_folder(address: str | None, database: Path) -> Path | None:
    """The folder that a stored artifact address means now; None for one that is no folder on this machine.

    What follows `mlartifacts/` is looked for beside the database. It stays where it was if it is there and not here:
    the database alone was copied, or somebody keeps the artifacts elsewhere on purpose.
    """
    stored = file_of(address)
    if stored is None or ARTIFACTS not in stored.parts or ".." in stored.parts:
        return stored
    last = len(stored.parts) - 1 - stored.parts[::-1].index(ARTIFACTS)
    beside = database.parent.resolve() / ARTIFACTS / PurePosixPath(*stored.parts[last + 1 :])
    return stored if stored.exists() and not beside.exists() else beside


def run_folders(uri: str, run_ids: Iterable[str]) -> dict[str, Path]:
    """Run id -> the folder of its artifacts, of those that an sqlite file says lie on this machine."""
    file, ids = sqlite_file(uri), list(run_ids)
    if file is None or not file.exists():
        return {}
    addresses: dict[str, str | None] = {}
    try:
        with closing(sqlite3.connect(file, timeout=LOCK_TIMEOUT_S)) as connection:
            connection.execute("pragma query_only = on")
            for start in range(0, len(ids), AT_ONCE):
                some = ids[start : start + AT_ONCE]
                marks = ",".join("?" * len(some))
                statement = f"select run_uuid, artifact_uri from runs where run_uuid in ({marks})"
                addresses |= dict(connection.execute(statement, some).fetchall())
    except sqlite3.Error:  # tables that look different: MLflow knows better
        return {}
    folders = {run_id: current_folder(address, file) for run_id, address in addresses.items()}
    return {run_id: folder for run_id, folder in folders.items() if folder is not None}


def follow_moved_database(uri: str) -> None:
    """Puts the artifact addresses of Probeline's experiments right in a database that was moved with its artifacts."""
    file = sqlite_file(uri)
    if file is None or not file.exists() or not file.stat().st_size:
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=LOCK_TIMEOUT_S)) as connection, connection:
        connection.execute("begin immediate")
        rows = connection.execute("select experiment_id, name, artifact_location from experiments").fetchall()
        for experiment_id, name, stored in rows:
            ours = artifact_location(uri, name, file.parent)
            if ours is not None and _moved(stored, ours, file):
                _readdress(connection, experiment_id, stored, ours)


def _moved(stored: str | None, ours: str, file: Path) -> bool:
    """Whether an experiment's address is one that Probeline gave it where the database was before."""
    before, now = file_of(stored), file_of(ours)
    if before is None or now is None or before == now or before.parts[-2:] != now.parts[-2:]:
        return False
    return current_folder(stored, file) == now


def _readdress(connection: sqlite3.Connection, experiment_id: int, before: str, now: str) -> None:
    connection.execute("update experiments set artifact_location = ? where experiment_id = ?", (now, experiment_id))
    connection.execute(
        "update runs set artifact_uri = ? || substr(artifact_uri, ?) where experiment_id = ? and artifact_uri like ?"
        " and substr(artifact_uri, 1, ?) = ?",
        (now, len(before) + 1, experiment_id, "file:%", len(before) + 1, f"{before}/"),
    )
