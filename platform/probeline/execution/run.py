"""Run what a plan has left to do: Ray works, one writer records, someone watches."""

import fcntl
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from probeline.execution.plan import Plan
from probeline.execution.watch import Watch
from probeline.failures import UserError
from probeline.records import Record, Said
from probeline.spec.schema import Experiment
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

    @property
    def exit_code(self) -> int:
        """0 if all is well, 130 after Ctrl-C, else 1."""
        if self.interrupted:
            return 130
        return 1 if self.failed or self.unsent else 0

    def summary(self, spec: str) -> str:
        """What happened, and what to do next."""
        nothing = not (self.finished or self.failed or self.interrupted)
        parts = ["Nothing was left to run" if nothing else f"{len(self.finished)} trials finished"]
        parts += [f"{count} {kind}" for kind, count in Counter(self.failed.values()).items()]
        if self.interrupted:
            parts.append(f"{len(self.interrupted)} interrupted")
        lines = [", ".join(parts) + "."]
        if self.unsent:
            lines.append(str(self.unsent))
        if self.failed:
            lines.append(f"Why trials failed:   probeline status {spec}")
        if self.interrupted:
            lines.append(f"Go on where it was:  probeline run {spec}")
        lines.append(f"Build the report:    probeline report {spec}")
        return "\n".join(lines)


class Recorder:
    """Passes every event on to the writer and to whoever watches, and keeps the outcome."""

    def __init__(self, plan: Plan, provenance: Mapping[str, str], writer: Writer, watch: Watch) -> None:
        self.plan, self.provenance, self.writer, self.watch = plan, provenance, writer, watch
        self.outcome, self.open = Outcome(), set()

    def started(self, trial: Trial) -> None:
        if trial.id not in self.open:
            self.open.add(trial.id)
            tags = {**self.provenance, "data_digest": self.plan.data_digest(trial)}
            self.writer.started(trial, tags=tags)
        self.watch.started(trial)

    def said(self, trial: Trial, said: Sequence[Said]) -> None:
        self.writer.said(trial.id, said)
        self.watch.said(trial, [each for each in said if isinstance(each, Record)])

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


def run(plan: Plan, info: ExperimentInfo, folder: Path, uri: str, address: str | None, watch: Watch) -> Outcome:
    """Runs the plan's unfinished trials and returns when every record is stored, or the server is given up on.

    Ray starts only if something must run.

    Args:
        info: what MLflow shows of the experiment; its tags, the provenance, go to every trial too.
        folder: for the spool, encoders, checkpoints and artifacts.
        uri: MLflow's. address: Ray's, None to start it on this machine.

    Raises:
        UserError: another run of this experiment is at work here, or Ray cannot be reached.
    """
    with only_run(folder, info.name), Writer(uri, info, folder.resolve()) as writer:
        recorder = Recorder(plan, info.tags, writer, watch)
        try:
            if plan.todo:
                work(plan, recorder, folder, address)
        finally:
            recorder.interrupted()
            recorder.outcome.unsent = writer.close(PATIENCE)
    return recorder.outcome


def describe(experiment: Experiment, spec: str, provenance: Mapping[str, str]) -> ExperimentInfo:
    """What MLflow shows of an experiment whose file says `spec`."""
    parts = [experiment.question, f"*Expected:* {experiment.expected}" if experiment.expected else ""]
    return ExperimentInfo(experiment.name, "\n\n".join(filter(None, parts)), spec, provenance)


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
