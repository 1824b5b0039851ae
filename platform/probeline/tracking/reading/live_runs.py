"""The runs of some trials, read once and then kept up to date by asking only for what has changed."""

from collections.abc import Collection, Iterable
from typing import Protocol

from probeline.tracking.reading.changes_client import ClientChanges
from probeline.tracking.reading.changes_sqlite import SqliteChanges
from probeline.tracking.reading.results import store_errors
from probeline.tracking.reading.run import Run, by_trial
from probeline.tracking.reading.runs import open_runs
from probeline.tracking.reading.runs_client import ClientRuns
from probeline.tracking.reading.runs_sqlite import SqliteRuns
from probeline.tracking.server import mlflow_names


class Changes(Protocol):
    """A way to hear what has changed."""

    def since(self, before: dict[str, Run]) -> tuple[list[Run], set[str]]:
        """(runs that are new or may have changed, ids of those that are gone); `before`: run id -> run as it was."""


class LiveRuns:
    """Keeps the runs of these trials in memory; `experiment` is where a server is asked."""

    def __init__(self, uri: str, trial_ids: Collection[str], experiment: str | None = None) -> None:
        self.uri, self.experiment = uri, experiment
        self._ids = frozenset(trial_ids)
        self._by_run_id: dict[str, Run] = {}
        self._changes: Changes | None = None
        self.runs: dict[str, Run] = {}
        """Trial id -> its run, as of the last refresh."""

    def refresh(self) -> set[str]:
        """Asks what has changed; the trials whose run is another than before.

        Raises UserError where MLflow cannot be read or a trial has two runs; what was known stays.
        """
        with store_errors(self.uri):
            self._changes = self._changes or _changes(self.uri, self._ids, self.experiment)
            if self._changes is None:
                return set()
            changed, gone = self._changes.since(self._by_run_id)
        fresh = {run.run_id: run for run in changed if self._by_run_id.get(run.run_id) != run}
        self._by_run_id = {key: run for key, run in (self._by_run_id | fresh).items() if key not in gone}
        before, self.runs = self.runs, by_trial(self._by_run_id.values())
        return {key for key in before.keys() | self.runs.keys() if before.get(key) is not self.runs.get(key)}

    def history(self, trial_ids: Iterable[str], name: str) -> list[tuple[str, int, float]]:
        """(trial id, step, value) of every point of a metric, in the order of trials and steps.

        Raises UserError where MLflow cannot be read.
        """
        key = mlflow_names.key(name)
        having = [run for each in trial_ids if (run := self.runs.get(each)) and key in run.metrics]
        with store_errors(self.uri):
            runs = open_runs(self.uri, self.experiment) if having else None
            points = runs.history(having, [key]) if runs else []
        order = {run.run_id: (position, run.trial_id) for position, run in enumerate(having)}
        points.sort(key=lambda point: (order[point[0]][0], point[2]))
        return [(order[run_id][1], step, value) for run_id, _, step, value in points]


def _changes(uri: str, trial_ids: frozenset[str], experiment: str | None) -> Changes | None:
    """None where nothing was ever written."""
    runs = open_runs(uri, experiment)
    if isinstance(runs, SqliteRuns):
        return SqliteChanges(runs.file, trial_ids)
    return ClientChanges(runs, trial_ids) if isinstance(runs, ClientRuns) else None
