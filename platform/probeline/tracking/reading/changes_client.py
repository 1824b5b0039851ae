"""What has changed on a tracking server, or in a database that MLflow's client reads."""

import time

from probeline.tracking.reading.run import Run
from probeline.tracking.reading.runs_client import TRIALS, ClientRuns, as_run
from probeline.tracking.server.client import gone as is_gone

SWEEP = 600.0
"""Seconds after which everything is read again: what a driver brings late, when its server was away, has old times."""

SLACK = 120_000  # ms: by how much clocks may differ


class ClientChanges:
    """Asks for what runs, and for what has started or ended since the latest moment that is known."""

    def __init__(self, runs: ClientRuns, trial_ids: frozenset[str]) -> None:
        self._runs, self._ids = runs, trial_ids
        self._swept, self._began = float("-inf"), int(1000 * time.time())

    def since(self, before: dict[str, Run]) -> tuple[list[Run], set[str]]:
        """(runs that are new or may have changed, ids of those that are gone)."""
        if time.monotonic() - self._swept > SWEEP:
            everything = self._runs.read(self._ids)
            self._swept = time.monotonic()
            return everything, before.keys() - {run.run_id for run in everything}
        current = {run.run_id: run for text in self._questions(before) for run in self._runs.own(text)}
        gone = set()
        for run_id, run in before.items():
            if run.status == "RUNNING" and run_id not in current:  # it ended at a time that is not recent
                again = self._again(run_id)
                if again is None:
                    gone.add(run_id)
                else:
                    current[run_id] = again
        return [run for run in current.values() if run.trial_id in self._ids], gone

    def _questions(self, before: dict[str, Run]) -> list[str]:
        moments = [moment for run in before.values() for moment in (run.started, run.ended) if moment]
        mark = max(moments, default=self._began) - SLACK
        recent = [f"{TRIALS} and attributes.{name} >= {mark}" for name in ("start_time", "end_time")]
        return [f"{TRIALS} and attributes.status = 'RUNNING'", *recent]

    def _again(self, run_id: str) -> Run | None:
        try:
            run = self._runs.client.get_run(run_id)
        except Exception as error:
            if is_gone(error):
                return None
            raise
        return as_run(run) if run.info.lifecycle_stage == "active" else None
