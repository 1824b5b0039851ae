"""The events of a run, passed to the writer, the scheduler and the progress display; and the outcome of the run."""

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probeline.core.count_of import count_of
from probeline.core.events import Artifact, ProtocolError, Record, TrialEvent
from probeline.errors import DiskFull
from probeline.execution.code_changes import ARTIFACT
from probeline.execution.notifications import Notifier
from probeline.execution.planning.plan import Plan
from probeline.execution.progress import ProgressDisplay
from probeline.execution.ray.card_failures import MAX_FAILURES
from probeline.execution.ray.retry_policy import rule
from probeline.execution.ray.scheduler import Scheduler
from probeline.experiment.failures import kind_by_text
from probeline.experiment.trial import Trial
from probeline.tracking.reading.costs import SHAPE, shape
from probeline.tracking.writing.upload_queue import Claimed
from probeline.tracking.writing.writer import Unsent, Writer


@dataclass
class Outcome:
    """Which of the started trials ended how; `interrupted` ones go on with the next run.

    `crashed`: the protocols of finished trials that crashed, by trial; the next run runs them, and nothing else, again.
    `not_started` counts those without a budget or a card; `elsewhere` are in the hands of another run; `restarts`
    counts what was started again, by kind of failure; `recycled` counts workers replaced for the memory that they kept;
    `set_aside` names the GPUs that failed too often to be used again; `terminated`: somebody sent SIGTERM; `stranded`:
    Ray's head went with it, and Ray would wait for its head as the process ends; `head_gone`: it, or the raylet of this
    node, went first. `comparisons`: a line on each whose seeds run until it is decided.
    """

    finished: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    crashed: dict[str, list[str]] = field(default_factory=dict)
    interrupted: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    restarts: Counter[str] = field(default_factory=Counter)
    recycled: int = 0
    set_aside: list[str] = field(default_factory=list)
    not_started: int = 0
    over: bool = False
    terminated: bool = False
    stranded: bool = False
    head_gone: bool = False
    unsent: Unsent | None = None
    comparisons: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 if all is well, 143 after SIGTERM, 130 after Ctrl-C, else 1. A budget that was held is well."""
        if self.head_gone:
            return 1
        if self.terminated:
            return 143
        if self.interrupted and not self.over:
            return 130
        return 1 if self.failed or self.crashed or self.unsent or (self.set_aside and self.not_started) else 0

    def as_dict(self) -> dict[str, Any]:
        """The outcome as JSON-able values, for programs."""
        return {
            "exit_code": self.exit_code,
            "finished": sorted(self.finished),
            "failed": dict(sorted(self.failed.items())),
            "crashed": dict(sorted(self.crashed.items())),
            "interrupted": sorted(self.interrupted),
            "elsewhere": sorted(self.elsewhere),
            "not_started": self.not_started,
            "restarts": dict(self.restarts),
            "unsent": str(self.unsent) if self.unsent else None,
            "comparisons": list(self.comparisons),
        }

    def summary(self, spec: str = "") -> str:
        """What happened, and what to do next: `spec` is what to type after `probeline run`; empty: nothing of it."""
        nothing = not (self.finished or self.failed or self.interrupted or self.not_started or self.elsewhere)
        parts = ["Nothing was left to run" if nothing else f"{count_of(len(self.finished), 'trial')} finished"]
        parts += [f"{count} {kind}" for kind, count in Counter(self.failed.values()).items()]
        names = Counter(name for crashed in self.crashed.values() for name in crashed)
        parts += [f"protocol {name} failed in {count}" for name, count in names.items()]
        if self.interrupted:
            parts.append(f"{len(self.interrupted)} interrupted")
        parts += [f"{count} started again ({kind})" for kind, count in self.restarts.items()]
        lines = [", ".join(parts) + ".", *self.comparisons]
        if self.head_gone:
            lines.append("Ray's head or raylet has gone, killed or out of memory; trials go on from their checkpoints.")
        if self.recycled:
            lines.append(f"Workers replaced between trials, as they kept memory: {self.recycled}.")
        if self.set_aside:
            cards = ", ".join(self.set_aside)
            lines.append(f"Not used any more, as they failed again and again: {cards}; see nvidia-smi and dmesg there.")
        if self.elsewhere:
            lines.append(f"In the hands of another run in the same folder: {count_of(len(self.elsewhere), 'trial')}.")
        if self.not_started or (self.over and self.interrupted):
            stopped = self.interrupted or self.head_gone or self.terminated or self.set_aside
            why = "Not started" if stopped and not self.over else "The budget is used up; not started"
            lines.append(f"{why} and left for the next run: {count_of(self.not_started, 'trial')}.")
        if self.unsent:
            lines.append(str(self.unsent))
        return "\n".join([*lines, *(self._commands(spec) if spec else [])])

    def _commands(self, spec: str) -> list[str]:
        lines = []
        if self.failed or self.crashed:
            lines.append(f"Why trials failed:   probeline status {spec}")
        if self.interrupted or self.not_started:
            lines.append(f"Go on where it was:  probeline run {spec}")
        return [*lines, f"Build the report:    probeline report {spec}"]


class Recorder:
    """The engine's listener."""

    def __init__(
        self,
        plan: Plan,
        provenance: Mapping[str, str],
        writer: Writer,
        watch: ProgressDisplay,
        scheduler: Scheduler,
        notifier: Notifier,
        changes: Path | None = None,
    ) -> None:
        """`provenance`: tags of every trial; `changes`: the diff of the code, an artifact of every trial."""
        self.notifier, self.changes = notifier, changes
        self.plan, self.provenance, self.writer, self.watch, self.scheduler = plan, provenance, writer, watch, scheduler
        self.outcome, self.open = Outcome(), set[str]()
        self.errors: dict[str, list[ProtocolError]] = {}

    def started(self, trial: Trial) -> None:
        self.scheduler.placed(trial)
        self._open(trial)
        self.watch.started(trial)

    def _open(self, trial: Trial) -> None:
        """Records that the trial runs, once."""
        if trial.id not in self.open:
            self.open.add(trial.id)
            self.errors.pop(trial.id, None)
            of = shape(trial, self.plan.experiment.resources)
            tags = {**self.provenance, "data_digest": self.plan.data_digest(trial), SHAPE: str(of)}
            tags["test_samples"] = str(self.plan.test_samples(trial))
            tags |= self.scheduler.source.tags(trial) if self.scheduler.source is not None else {}
            try:
                self.writer.started(trial, tags=tags)
            except Claimed:
                self.open.discard(trial.id)
                self.outcome.elsewhere.add(trial.id)
                return
            if self.changes is not None:
                self.writer.artifacts(trial.id, [Artifact(ARTIFACT, self.changes)])

    def placed(self, trial: Trial, device: str) -> None:
        if trial.id in self.open and trial.id not in self.outcome.elsewhere:
            self.writer.tags(trial.id, {"device": device})

    def received(self, trial: Trial, events: Sequence[TrialEvent]) -> bool:
        if trial.id in self.outcome.elsewhere:
            return False
        self.writer.events(trial.id, events)
        for error in events:
            if isinstance(error, ProtocolError):
                self.errors.setdefault(trial.id, []).append(error)
                self.watch.crashed(trial, error)
        records = [each for each in events if isinstance(each, Record)]
        self.watch.received(trial, records)
        return self.scheduler.source is None or self.scheduler.source.heard(trial, records)

    def returned(self, trial: Trial) -> None:
        self.scheduler.returned(trial)
        self.outcome.recycled += 1

    def held(self, trial: Trial) -> None:
        self.scheduler.returned(trial)

    def set_aside(self, card: str) -> None:
        self.outcome.set_aside.append(card)
        self.watch.note(f"{card} failed {MAX_FAILURES} times in a row and is not used any more")

    def finished(self, trial: Trial) -> None:
        self.scheduler.finished(trial)
        if trial.id not in self.outcome.elsewhere:
            errors = self.errors.pop(trial.id, [])
            self.writer.finished(trial.id, errors)
            self._close(trial)
            self.outcome.finished.add(trial.id)
            if errors:
                self.outcome.crashed[trial.id] = [error.name for error in errors]
        self.watch.finished(trial)

    def failed(self, trial: Trial, kind: str, message: str, traceback: str) -> None:
        if trial.id not in self.outcome.elsewhere:
            self._open(trial)  # a worker that died between two trials takes one with it that was never said to run
        kind = kind_by_text(self.plan.experiment.failures, kind, message, traceback)
        again = self.scheduler.failed(trial, kind)
        if trial.id in self.outcome.elsewhere:
            return
        if again:
            self.outcome.restarts[kind] += 1
            self.open.discard(trial.id)
            self._open(trial)  # a fresh start: notes of the last one do not hold any more
            self.writer.tags(trial.id, {"restarts": ", ".join(self.scheduler.restarts[trial.id][-20:])})
            self.watch.restarted(trial, kind, message)
        else:
            times = rule(kind).retries + 1
            self.writer.failed(trial.id, kind, message + (f"; {times} times" if times > 1 else ""), traceback)
            self._close(trial)
            self.outcome.failed[trial.id] = kind
            self.watch.failed(trial, kind, message)
            self.notifier.failed(kind, f"{trial.cell.label}, seed {trial.seed}, trial {trial.id}: {message}")

    def stopped(self, trial: Trial) -> None:
        self.scheduler.stopped(trial)
        if trial.id not in self.outcome.elsewhere:
            self._close(trial)
            self.writer.interrupted(trial.id)
        self.watch.finished(trial)

    def interrupted(self) -> None:
        """What has started and not ended was stopped from outside, or when the budget ended."""
        for trial_id in self.open:
            with contextlib.suppress(DiskFull):  # the next writer says it
                self.writer.interrupted(trial_id)
        waiting = self.scheduler.running.keys() - self.open - self.outcome.elsewhere  # handed out, and no worker has it
        self.outcome.interrupted, self.open = self.open, set()
        self.outcome.not_started, self.outcome.over = (
            len(self.scheduler.not_started) + len(waiting),
            self.scheduler.over,
        )

    def _close(self, trial: Trial) -> None:
        self.open.discard(trial.id)
