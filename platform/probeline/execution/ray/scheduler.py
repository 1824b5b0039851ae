"""The order of trials: the plan's, long ones first, retried ones, those of studies, and the budget that ends a run."""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import Protocol

from probeline.core.events import Record
from probeline.execution.ray.retry_policy import rule
from probeline.experiment.trial import Trial

HOUR = 3600.0


@dataclass(frozen=True)
class Budget:
    """Limits of a run: wall-clock hours, GPU hours, trials started. None: no limit."""

    max_hours: float | None = None
    max_gpu_hours: float | None = None
    max_trials: int | None = None

    def __bool__(self) -> bool:
        return self != Budget()


NO_LIMIT = Budget()


class TrialSource(Protocol):
    """Source of trials that are not planned beforehand, such as a study's."""

    def next(self) -> Trial | None:
        """The trial to run now; None where results of running ones are needed first, or there are no more."""

    def heard(self, trial: Trial, records: Sequence[Record]) -> bool:
        """Takes a running trial's records; whether it continues."""

    def ended(self, trial: Trial, failure: str | None) -> None:
        """A trial has ended for good; `failure`: None, its kind, or `stopped`."""

    def tags(self, trial: Trial) -> dict[str, str]:
        """Further tags of its run."""

    @property
    def waiting(self) -> list[Trial]:
        """The trials that are determined and not handed out."""


class Scheduler:
    """Hands out trials, each to one worker at a time, and counts their time.

    `over` turns true when the budget is used up: running trials are stopped, keep their checkpoints, and resume with
    the next run.
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
        self.training: dict[str, str] = {}
        """The encoder of each running trial."""
        self.took: dict[str, float] = {}
        """Seconds of the last trial of a cell, by its label."""
        self.seed: int | None = None
        self.begun, self.used, self.started = clock(), 0.0, set[str]()
        self.failures: Counter[tuple[str, str]] = Counter()
        self.restarts: dict[str, list[str]] = {}

    def next(self) -> Trial | None:
        """The trial to start now; None where there is none at the moment."""
        if self.over:
            return None
        trial = self._first_ready()
        if trial is not None and self._too_many(trial):
            self.queue.appendleft(trial)
            return None
        if trial is None and self.source is not None and not self._full:
            trial = self.source.next()
        if trial is not None:
            self.started.add(trial.id)
            self.running[trial.id], self.training[trial.id] = self.clock(), trial.encoder_id
        return trial

    def _first_ready(self) -> Trial | None:
        """The first trial that learns from no encoder which is still to be trained, taken out of the queue.

        One whose own encoder is in training comes after the others: what is trained once, two trials can evaluate.
        """
        if self.queue and self.queue[0].seed != self.seed and not self.budget:
            self._put_long_ones_first()
        training = set(self.training.values())
        if self.queue and self.queue[0].teacher is None and self.queue[0].encoder_id not in training:
            return self.queue.popleft()
        untrained = {trial.encoder_id for trial in self.queue} | training
        ready = [trial for trial in self.queue if trial.teacher is None or trial.teacher.encoder_id not in untrained]
        trial = next((trial for trial in ready if trial.encoder_id not in training), ready[0] if ready else None)
        if trial is not None:
            self.queue.remove(trial)
        return trial

    def _put_long_ones_first(self) -> None:
        """Orders the trials of the next seed by what their cells took: a run that ends on a long one leaves slots idle.

        A cell of which none has finished counts as the longest; so the first seed has the plan's order.
        """
        self.seed = self.queue[0].seed
        block = list(takewhile(lambda trial: trial.seed == self.seed, self.queue))
        block.sort(key=lambda trial: -self.took.get(trial.cell.label, inf))
        self.queue = deque([*block, *list(self.queue)[len(block) :]])

    @property
    def exhausted(self) -> bool:
        """Whether no trial remains, when `next` has just returned None: no running trial can lead to one."""
        return not self.running

    @property
    def over(self) -> bool:
        """Whether the hours or the GPU hours are used up."""
        hours, gpu_hours = self.budget.max_hours, self.budget.max_gpu_hours
        now = self.clock()
        if hours is not None and now - self.begun >= hours * HOUR:
            return True
        if gpu_hours is None or not self.gpus:
            return False
        running = sum(now - since for since in self.running.values())
        return (self.used + running) * self.gpus >= gpu_hours * HOUR

    def placed(self, trial: Trial) -> None:
        """A worker has started it: its time counts from now, not from when it was handed out."""
        self.running[trial.id] = self.clock()

    def returned(self, trial: Trial) -> None:
        """It was handed out and not started: it is next."""
        self.running.pop(trial.id, None)
        self.training.pop(trial.id, None)
        self.queue.appendleft(trial)

    def finished(self, trial: Trial) -> None:
        """It has finished."""
        self.took[trial.cell.label] = self.clock() - self.running.get(trial.id, self.clock())
        self._end_run(trial)
        if self.source is not None:
            self.source.ended(trial, None)

    def failed(self, trial: Trial, kind: str) -> bool:
        """It has failed; whether it is retried in this run, by its kind's rule."""
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
        """It was asked to stop, and has ended."""
        self._end_run(trial)
        if self.source is not None:
            self.source.ended(trial, "stopped")

    @property
    def not_started(self) -> list[Trial]:
        """The trials that were never started."""
        waiting = [*self.queue, *(self.source.waiting if self.source is not None else ())]
        return [trial for trial in waiting if trial.id not in self.started]

    @property
    def _full(self) -> bool:
        return self.budget.max_trials is not None and len(self.started) >= self.budget.max_trials

    def _too_many(self, trial: Trial) -> bool:
        return self._full and trial.id not in self.started

    def _end_run(self, trial: Trial) -> None:
        self.training.pop(trial.id, None)
        self.used += self.clock() - self.running.pop(trial.id, self.clock())
