"""What has changed in MLflow's sqlite file."""

import sqlite3
from pathlib import Path

from probeline.tracking.reading.run import Run
from probeline.tracking.reading.runs_sqlite import filled, opened, portions

STATES = "select run_uuid, status, end_time from runs where lifecycle_stage = 'active'"
LOOK_UP = """
    select id.value, id.run_uuid, runs.status, runs.start_time, runs.end_time
    from tags id join runs on runs.run_uuid = id.run_uuid
    where id.key = 'probeline.trial_id' and id.run_uuid in ({})
"""


class SqliteChanges:
    """Compares the state of every run, a few bytes each, and reads those that differ.

    A file that nobody has written to since is not read at all. A trial that runs is read every time, as its metrics
    change and its state does not.
    """

    def __init__(self, file: Path, trial_ids: frozenset[str]) -> None:
        self._file, self._ids = file, trial_ids
        self._connection: sqlite3.Connection | None = None
        self._inode = self._version = -1
        self._others: set[str] = set()  # runs of no trial of ours

    def since(self, before: dict[str, Run]) -> tuple[list[Run], set[str]]:
        """(runs that are new or may have changed, ids of those that are gone)."""
        connection = self._opened()
        version = connection.execute("pragma data_version").fetchone()[0]
        if version == self._version:
            return [], set()
        connection.execute("begin")
        try:
            changed, gone = self._compared(connection, before)
        finally:
            connection.rollback()
        self._version = version
        return changed, gone

    def _opened(self) -> sqlite3.Connection:
        """The connection is kept, as sqlite counts a file's versions by connection; another file needs another one."""
        if not self._file.exists():
            raise sqlite3.OperationalError("the file is gone")
        inode = self._file.stat().st_ino
        if self._connection is None or inode != self._inode:
            if self._connection is not None:
                self._connection.close()
            self._connection = opened(self._file, any_thread=True)
            self._inode, self._version, self._others = inode, -1, set()
        return self._connection

    def _compared(self, connection: sqlite3.Connection, before: dict[str, Run]) -> tuple[list[Run], set[str]]:
        states = {run_id: (status, ended) for run_id, status, ended in connection.execute(STATES)}
        gone = before.keys() - states.keys()
        changed = [
            run_id
            for run_id, state in states.items()
            if run_id not in self._others
            and ((run := before.get(run_id)) is None or run.status == "RUNNING" or (run.status, run.ended) != state)
        ]
        runs = [
            Run(*row)
            for marks, ids in portions(changed)
            for row in connection.execute(LOOK_UP.format(marks), ids)
            if row[0] in self._ids
        ]
        self._others |= set(changed) - {run.run_id for run in runs}
        return filled(connection, runs), set(gone)
