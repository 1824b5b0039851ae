"""Metrics of a run for Ray's Prometheus endpoint: trials by state, failures, records, seconds a trial, images a second.

Ray exports them with the prefix `ray_` at the metrics port of the driver's node, if `ray[default]` is installed; where
it is not, they go nowhere. dashboards/grafana/ draws them.
"""

import contextlib
import threading
import time
from collections.abc import Sequence

from ray.util.metrics import Counter, Gauge, Histogram

from probeline.core.events import Record, TrialEvent
from probeline.execution.recorder import Recorder
from probeline.experiment.trial import Trial

SECONDS = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0, 100_000.0]
"""Ends of the histogram's buckets: trials take from moments to days."""

PACE = 1.0
"""Seconds between two looks: Ray forgets a gauge that is not set again, and an epoch may take hours."""

REST = 30
"""What is unsent is counted again after this many times the time that counting took: a long spool is read seldom."""


class PrometheusRecorder:
    """A recorder that also counts for Prometheus, while it is entered; every call goes to the recorder first."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder, self.scheduler = recorder, recorder.scheduler
        plan, whose, by = recorder.plan, ("experiment",), ("experiment", "method")
        self._total, self._finished = len(plan.trials), plan.counts().get("finished", 0)
        self._settled = self._total - len(plan.todo) - self._finished
        self._begun: dict[str, float] = {}
        self._speeds: dict[str, float] = {}
        self._unsent_records, self._again = 0, float("-inf")
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="probeline-metrics", daemon=True)
        self.trials = Gauge("probeline_trials", "Trials of the experiment by state", ("experiment", "state"))
        self.failures = Counter(
            "probeline_failures", "Failures, those that were started again included", ("experiment", "kind")
        )
        self.records = Counter("probeline_records", "Records that trials have handed to the driver", whose)
        self.unsent = Gauge("probeline_records_unsent", "Records in the spool that MLflow has not got yet", whose)
        self.seconds = Histogram(
            "probeline_trial_seconds", "Seconds from a trial's start on a worker to its end", SECONDS, by
        )
        self.images = Gauge("probeline_images_per_second", "Training speed of the latest trial that has trained", by)
        for metric in (self.trials, self.failures, self.records, self.unsent, self.seconds, self.images):
            metric.set_default_tags({"experiment": plan.experiment.name})

    def __enter__(self) -> "PrometheusRecorder":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()  # before Ray is left, which takes what is set

    def started(self, trial: Trial) -> None:
        self.recorder.started(trial)
        self._begun[trial.id] = time.monotonic()

    def placed(self, trial: Trial, device: str) -> None:
        self.recorder.placed(trial, device)

    def received(self, trial: Trial, events: Sequence[TrialEvent]) -> bool:
        goes_on = self.recorder.received(trial, events)
        records = [each for each in events if isinstance(each, Record)]
        if records:
            self.records.inc(len(records))
        speeds = [record.value for record in records if record.name == "cost/images_per_second"]
        self._speeds |= {method(trial): speed for speed in speeds}
        return goes_on

    def returned(self, trial: Trial) -> None:
        self.recorder.returned(trial)
        self._begun.pop(trial.id, None)

    def held(self, trial: Trial) -> None:
        self.recorder.held(trial)
        self._begun.pop(trial.id, None)

    def set_aside(self, card: str) -> None:
        self.recorder.set_aside(card)

    def finished(self, trial: Trial) -> None:
        self.recorder.finished(trial)
        self._ended(trial)

    def failed(self, trial: Trial, kind: str, message: str, traceback: str) -> None:
        self.recorder.failed(trial, kind, message, traceback)
        self.failures.inc(1, {"kind": kind})
        self._ended(trial)

    def stopped(self, trial: Trial) -> None:
        self.recorder.stopped(trial)
        self._ended(trial)

    def _ended(self, trial: Trial) -> None:
        begun = self._begun.pop(trial.id, None)
        if begun is not None:
            self.seconds.observe(time.monotonic() - begun, {"method": method(trial)})

    def _look(self) -> None:
        while not self._done.is_set():
            for state, count in self._states().items():
                self.trials.set(count, {"state": state})
            for name, speed in list(self._speeds.items()):
                self.images.set(speed, {"method": name})
            self.unsent.set(self._unsent())
            self._done.wait(PACE)

    def _unsent(self) -> int:
        now = time.monotonic()
        if now >= self._again:
            with contextlib.suppress(OSError):  # a disk in trouble is the writer's to tell
                self._unsent_records = self.recorder.writer.unsent_records
            self._again = now + REST * (time.monotonic() - now)
        return self._unsent_records

    def _states(self) -> dict[str, int]:
        outcome = self.recorder.outcome
        counts = {
            "finished": self._finished + len(outcome.finished),
            "failed": self._settled + len(outcome.failed),
            "running": len(self.recorder.open),
        }
        return {**counts, "waiting": max(0, self._total - sum(counts.values()))}


def method(trial: Trial) -> str:
    """The name of the method that a trial trains with."""
    return trial.cell.recipe.method.name
