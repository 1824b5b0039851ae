"""Run what a plan has left to do: Ray works, one writer records, someone watches."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from probeline.execution.plan import Plan
from probeline.execution.watch import Watch
from probeline.failures import UserError
from probeline.records import Artifact, Record
from probeline.spec.trial import Trial
from probeline.tracking.writer import ExperimentInfo, Unsent, Writer

PATIENCE = 60.0
"""Seconds that the end of a run waits for a tracking server that does not answer."""


@dataclass
class Outcome:
    """Which of the started trials ended how; `interrupted` ones go on with the next run."""

    finished: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    interrupted: set[str] = field(default_factory=set)
    unsent: Unsent | None = None


class Recorder:
    """Passes every event on to the writer and to whoever watches, and keeps the outcome."""

    def __init__(self, writer: Writer, watch: Watch, provenance: dict[str, str]) -> None:
        self.writer, self.watch, self.provenance, self.outcome = writer, watch, provenance, Outcome()
        self.open: set[str] = set()

    def started(self, trial: Trial) -> None:
        if trial.id not in self.open:
            self.open.add(trial.id)
            self.writer.started(trial, self.provenance)
        self.watch.started(trial)

    def said(self, trial: Trial, records: list[Record], artifacts: list[Artifact]) -> None:
        if records:
            self.writer.records(trial.id, records)
        if artifacts:
            self.writer.artifacts(trial.id, artifacts)
        self.watch.said(trial, records)

    def finished(self, trial: Trial) -> None:
        self._close(trial)
        self.outcome.finished.add(trial.id)
        self.writer.finished(trial.id)
        self.watch.finished(trial)

    def failed(self, trial: Trial, kind: str, message: str, traceback: str) -> None:
        self._close(trial)
        self.outcome.failed[trial.id] = kind
        self.writer.failed(trial.id, kind, message, traceback)
        self.watch.failed(trial, kind, message)

    def interrupted(self) -> None:
        """What has started and not ended was stopped from outside."""
        for trial_id in self.open:
            self.writer.interrupted(trial_id)
        self.outcome.interrupted, self.open = self.open, set()

    def _close(self, trial: Trial) -> None:
        self.open.discard(trial.id)


def run(
    plan: Plan, info: ExperimentInfo, provenance: dict[str, str], folder: Path, uri: str, address: str | None, watch: Watch
) -> Outcome:
    """Runs the plan's unfinished trials and returns when every record is stored, or the server is given up on.

    Ray starts only if something must run. `folder`: spool, encoders, checkpoints and artifacts; `uri`: MLflow's.

    Raises:
        UserError: another run of this experiment is at work here, or Ray cannot be reached.
    """
    with only_run(folder, plan.experiment.name), Writer(uri, info, folder) as writer:
        recorder = Recorder(writer, watch, provenance)
        try:
            if plan.todo:
                work(plan, recorder, folder, address)
        finally:
            recorder.interrupted()
            recorder.outcome.unsent = writer.close(PATIENCE)
    return recorder.outcome


def work(plan: Plan, recorder: Recorder, folder: Path, address: str | None) -> None:
    """Connects to Ray and executes. Ray is imported here: a run with nothing to do never pays for it."""
    from probeline.execution.engine import connected, execute

    resources = plan.experiment.resources
    with connected(address, resources), recorder.watch:
        execute(plan.todo, folder.resolve(), resources, recorder)


@contextmanager
def only_run(folder: Path, name: str) -> Iterator[None]:
    """Holds the experiment's lock, which goes with the process however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another run of {name!r} is at work in {folder}; wait for it or stop it") from None
        yield
