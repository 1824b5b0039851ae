"""Runs read from MLflow's sqlite file by SQL."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from probeline.plugins.locations import current
from probeline.tracking.reading.former_names import CRASHED, current_metrics, current_tags, stored_names
from probeline.tracking.reading.run import Run

COLUMNS = {
    "runs": {"run_uuid", "status", "start_time", "end_time", "lifecycle_stage", "experiment_id"},
    "tags": {"key", "value", "run_uuid"},
    "latest_metrics": {"key", "value", "step", "run_uuid"},
    "metrics": {"key", "value", "step", "timestamp", "run_uuid"},
}
LOCK_TIMEOUT_S = 20.0  # seconds to wait for another process's transaction, as MLflow does
AT_ONCE = 500  # run ids in one statement

FIND = f"""
    select id.value, id.run_uuid, runs.status, runs.start_time, runs.end_time, runs.experiment_id,
        failure.value, message.value, crashed.value
    from tags id join runs on runs.run_uuid = id.run_uuid
    left join tags failure on failure.run_uuid = id.run_uuid and failure.key = 'probeline.failure'
    left join tags message on message.run_uuid = id.run_uuid and message.key = 'probeline.message'
    left join tags crashed on crashed.run_uuid = id.run_uuid and crashed.key = '{CRASHED}'
    where id.key = 'probeline.trial_id' and runs.lifecycle_stage = 'active' {{}}
    order by runs.start_time, id.run_uuid
"""


class SqliteRuns:
    """The reader of one database file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @classmethod
    def can_read(cls, file: Path) -> bool:
        """Whether the file has the tables as they are read here."""
        with closing(opened(file)) as connection:
            return all(
                columns <= {row[1] for row in connection.execute(f"pragma table_info({table})")}
                for table, columns in COLUMNS.items()
            )

    def find(self, trial_ids: Iterable[str]) -> list[Run]:
        wanted = set(trial_ids)
        with closing(opened(self.file)) as connection:
            if len(wanted) == 1:
                rows = connection.execute(FIND.format("and id.value = ?"), tuple(wanted)).fetchall()
            else:
                rows = connection.execute(FIND.format("")).fetchall()
        runs = []
        for trial_id, run_id, status, started, ended, experiment, failure, message, crashed in rows:
            if trial_id in wanted:
                tags = {"probeline.failure": failure, "probeline.message": message, CRASHED: crashed}
                tags = {key: value for key, value in tags.items() if value is not None}
                tags = current_tags(tags)
                runs.append(Run(trial_id, run_id, status, started, ended, tags, experiment_id=str(experiment)))
        return runs

    def read(self, trial_ids: Iterable[str], kind: str = "trial") -> list[Run]:
        runs = self.find(trial_ids)
        with closing(opened(self.file)) as connection:
            return filled(connection, runs)

    def history(self, runs: Sequence[Run], keys: Sequence[str]) -> list[tuple[str, str, int, float]]:
        points, stored = [], [each for key in keys for each in stored_names(key)]
        names = {key: current("protocols", key) for key in stored}
        with closing(opened(self.file)) as connection:
            for marks, ids in portions([run.run_id for run in runs]):
                # `+key` keeps sqlite from scanning the metric in every run of the file.
                statement = (
                    "select run_uuid, key, step, value from metrics "
                    f"where run_uuid in ({marks}) and +key in ({','.join('?' * len(stored))})"
                )
                rows = connection.execute(statement, [*ids, *stored])
                points += [(run_id, names[key], step, value) for run_id, key, step, value in rows]
        return points


def opened(file: Path, any_thread: bool = False) -> sqlite3.Connection:
    """A connection that reads; `any_thread`: its caller sees to it that one thread at a time does."""
    # Not read-only: only a connection that may write can clear up after a writer that was killed mid-transaction.
    connection = sqlite3.connect(file, timeout=LOCK_TIMEOUT_S, check_same_thread=not any_thread)
    connection.execute("pragma query_only = on")
    return connection


def filled(connection: sqlite3.Connection, runs: Sequence[Run]) -> list[Run]:
    """The same runs with all their tags and last metrics."""
    tags: dict[str, dict] = defaultdict(dict)
    metrics: dict[str, dict] = defaultdict(dict)
    for marks, ids in portions([run.run_id for run in runs]):
        statement = f"select run_uuid, key, value from tags where run_uuid in ({marks})"
        for run_id, key, value in connection.execute(statement, ids):
            tags[run_id][key] = value
        statement = f"select run_uuid, key, value, step from latest_metrics where run_uuid in ({marks})"
        for run_id, key, value, step in connection.execute(statement, ids):
            metrics[run_id][key] = (value, step)
    return [
        replace(run, tags=current_tags(tags[run.run_id]), metrics=current_metrics(metrics[run.run_id])) for run in runs
    ]


def portions(ids: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Question marks and as many ids, at most AT_ONCE at a time."""
    for start in range(0, len(ids), AT_ONCE):
        portion = ids[start : start + AT_ONCE]
        yield ",".join("?" * len(portion)), portion
