"""Which trial runs next: the plan's order, trials that start again, studies that ask, and a budget that ends it."""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from probeline.core.events import Record
from probeline.execution.ray.retry_policy import rule
from probeline.experiment.trial import Trial

HOUR = 3600.0


@dataclass(frozen=True)
class Budget:
    """What a run may use: hours by the clock, hours of GPUs, trials it may start. None: as much as it takes."""

    max_hours: float | None = None
    max_gpu_hours: float | None = None
    max_trials: int | None = None

    def __bool__(self) -> bool:
        return self != Budget()


NO_LIMIT = Budget()


class TrialSource(Protocol):
    """Trials that are not known beforehand, such as a study's."""

    def next(self) -> Trial | None:
        """One to run now; None where it must first hear of those that run, or has no more."""

    def heard(self, trial: Trial, records: Sequence[Record]) -> bool:
        """What a running trial said; whether it goes on."""

    def ended(self, trial: Trial, failure: str | None) -> None:
        """A trial has ended, for good: well, in a failure of this kind, or `stopped`."""

    def tags(self, trial: Trial) -> dict[str, str]:
        """What its run says beside the usual."""

    @property
    def waiting(self) -> list[Trial]:
        """What it knows already and has not handed out."""


class Scheduler:
    """Hands out trials, each to one worker at a time, and counts what they use.

    `over` turns true when the budget is used up: what runs then is stopped, keeps its checkpoint, and goes on with the
    next run.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        budget: Budget,
        gpus: float = 0.0,
        source: TrialSource | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.queue, self.budget, self.gpus, self.source, self.clock = deque(trials), budget, gpus, source, clock
        self.running: dict[str, float] = {}
        self.begun, self.used, self.started = clock(), 0.0, set[str]()
        self.failures: Counter[tuple[str, str]] = Counter()
        self.restarts: dict[str, list[str]] = {}

    def next(self) -> Trial | None:
        """The trial to start now; None where there is none at this moment."""
        if self.over:
            return None
        trial = self.queue.popleft() if self.queue else None
        if trial is not None and self._too_many(trial):
            self.queue.appendleft(trial)
            return None
        if trial is None and self.source is not None and not self._full:
            trial = self.source.next()
        if trial is not None:
            self.started.add(trial.id)
            self.running[trial.id] = self.clock()
        return trial

    @property
    def exhausted(self) -> bool:
        """Whether there will be no trial any more: `next` has just given none, and none runs that could bring one."""
        return not self.running

    @property
    def over(self) -> bool:
        """Whether the clock or the GPUs' hours have run out."""
        hours, gpu_hours = self.budget.max_hours, self.budget.max_gpu_hours
        now = self.clock()
        if hours is not None and now - self.begun >= hours * HOUR:
            return True
        if gpu_hours is None or not self.gpus:
            return False
        running = sum(now - since for since in self.running.values())
        return (self.used + running) * self.gpus >= gpu_hours * HOUR

    def placed(self, trial: Trial) -> None:
        """A worker has it now: its time counts from here, not from when it was handed out."""
        self.running[trial.id] = self.clock()

    def returned(self, trial: Trial) -> None:
        """It was handed out and not begun: the next in line."""
        self.running.pop(trial.id, None)
        self.queue.appendleft(trial)

    def finished(self, trial: Trial) -> None:
        """It has ended well."""
        self._end_run(trial)
        if self.source is not None:
            self.source.ended(trial, None)

    def failed(self, trial: Trial, kind: str) -> bool:
        """It has failed; whether it starts again in this run, as its kind's rule says."""
        self._end_run(trial)
        self.failures[trial.id, kind] += 1
        if self.failures[trial.id, kind] <= rule(kind).retries:
            self.restarts.setdefault(trial.id, []).append(kind)
            self.queue.insert(int(kind == "lost_device"), trial)  # another trial tells whether the card is at fault
            return True
        if self.source is not None:
            self.source.ended(trial, kind)
        return False

    def stopped(self, trial: Trial) -> None:
        """It was told not to go on, and has ended."""
        self._end_run(trial)
        if self.source is not None:
            self.source.ended(trial, "stopped")

    @property
    def not_started(self) -> list[Trial]:
        """What was never started."""
        waiting = [*self.queue, *(self.source.waiting if self.source is not None else ())]
        return [trial for trial in waiting if trial.id not in self.started]

    @property
    def _full(self) -> bool:
        return self.budget.max_trials is not None and len(self.started) >= self.budget.max_trials

    def _too_many(self, trial: Trial) -> bool:
        return self._full and trial.id not in self.started

    def _end_run(self, trial: Trial) -> None:
        self.used += self.clock() - self.running.pop(trial.id, self.clock())
