"""A warm Ray worker: one trial after another in the same process."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray import tune

from probeline.core.events import TrialEvent
from probeline.errors import DiskFull
from probeline.execution.ray.assigned_card import DeviceLost, assigned_card
from probeline.execution.ray.error_text import describe
from probeline.execution.ray.group import WorkerFailed, WorkerGroup, WorkerLost
from probeline.execution.ray.lifeline import Lifeline
from probeline.experiment.resources import Resources
from probeline.experiment.trial import Trial
from probeline.storage.paths import StoragePath
from probeline.tracking.writing.provenance import processor

if TYPE_CHECKING:
    import torch

PATIENCE = 0.5
"""Seconds between two messages to the driver: a progress bar moves, and a short trial needs one message."""

HOLD_S = 2.0
"""Seconds between two messages of a worker that only holds a card back."""


END_S = 10.0
"""Seconds for a worker that has lost its device to end gracefully."""


class Preempted(Exception):
    """The worker got SIGTERM: its trial's state is saved, and the trial resumes elsewhere."""


class Retired(Exception):
    """The worker holds too much memory for another trial, which goes to a fresh one."""


@dataclass(frozen=True, eq=False)
class TrialHandle:
    """A trial on its way to a worker; Tune copies and prints what it carries, so this does neither at length.

    `avoid`: names of the cards that are set aside, on which no trial runs any more.
    """

    trial: Trial
    avoid: frozenset[str] = frozenset()

    def __deepcopy__(self, memo: dict) -> "TrialHandle":
        return self

    def __repr__(self) -> str:
        return self.trial.id


class Worker(tune.Trainable):
    """Runs `probeline.training.trial.run`, some of its records to a message.

    A message holds the trial's `events` (records, artifacts, notes), in the first one the `device` that it runs on,
    and, if it could not finish, its `failure`. What the trial raises is a message too, so that Ray's errors are left
    for workers that die or are sent away. One whose `card` is set aside `holds` it: it gives its trial back, and stays,
    so that Ray assigns the card to nobody else.
    """

    def setup(  # type: ignore[override]  # Tune passes the parameters of `with_parameters`
        self, config: dict, folder: Path, storage: StoragePath, resources: Resources
    ) -> None:
        """`config["handle"]`: the trial; `folder`: the run's; `storage` keeps what trials keep."""
        import torch

        from probeline.training import heartbeat
        from probeline.training.device import CPU, assigned_device
        from probeline.training.trial_storage import Storage

        self.threads = max(1, int(resources.each["CPU"]))
        torch.set_num_threads(self.threads)
        self.folder, self.storage, self.heartbeat, self.resources = folder, Storage(storage), heartbeat, resources
        self.card, self.index = assigned_card()
        self.device: torch.device = assigned_device(0) if not resources.each["GPU"] else CPU
        self.group: WorkerGroup | None = None
        self.first: int | None = None  # bytes that it kept after its first trial
        heartbeat.carry_on()
        signal.signal(signal.SIGTERM, lambda number, frame: heartbeat.stop_soon())
        minutes = resources.patience_minutes
        self.life = None if minutes is None else Lifeline(self.folder / "alive", 60 * minutes)
        self._turn_to(config)

    def reset_config(self, new_config: dict) -> bool:
        """Takes another trial in the same process. Raises Retired where it holds too much memory."""
        if self.resources.recycle_gib is not None:
            self._check_growth(self.resources.recycle_gib * 2**30)
        self._turn_to(new_config)
        return True

    def _check_growth(self, most: float) -> None:
        from probeline.training.memory import give_back_freed_memory, memory_held

        if self.first is None:
            self.first = memory_held(self.device)
        elif memory_held(self.device) > self.first + most:
            give_back_freed_memory()  # a larger trial than the first one leaves freed pages, which are no leak
            if memory_held(self.device) > self.first + most:
                growth = (memory_held(self.device) - self.first) / 2**30
                raise Retired(f"it keeps {growth:.2g} GiB more than at first")

    def _turn_to(self, config: dict) -> None:
        handle = config["handle"]
        self.holds = self.card in handle.avoid
        if self.life is not None:
            self.life.watch("" if self.holds else handle.trial.id)
        self.events, self.label = self._events(handle.trial, handle.avoid), ""

    def _events(self, trial: Trial, avoid: frozenset[str]) -> Generator[TrialEvent]:
        """The trial on this worker's device, once all its workers can take part. Raises WorkerLost, DeviceLost."""
        from probeline.training.trial import run

        self._claim_device()
        self._gather(trial)
        if self.group is not None and avoid.intersection(self.group.cards):
            self.holds = True
            return
        self.label = device_name(self.device)
        if self.group is not None:
            self.group.follow(trial)
        yield from run(trial, self.storage, self.device, self.resources.workers)

    def _claim_device(self) -> None:
        """Makes sure of the card that was assigned to this worker, before its first trial."""
        from probeline.training.device import DeviceUnavailable, assigned_device

        if self.resources.each["GPU"] and self.device.type == "cpu":
            try:
                self.device = assigned_device(self.resources.each["GPU"], self.index)
            except DeviceUnavailable as error:
                raise DeviceLost(f"{self.card}: {error}", self.card) from error

    def step(self) -> dict:
        """The trial's next events. Raises Preempted when there are none and the worker must end."""
        if self.holds:
            return self._hold()
        until, events, failure, done = time.monotonic() + PATIENCE, [], None, False
        try:
            while time.monotonic() < until and not self.heartbeat.stopping():
                events.append(next(self.events))
                self.heartbeat.beat()
        except StopIteration:
            done = True
        except (WorkerLost, DeviceLost):
            raise
        except Exception as error:  # noqa: BLE001 (it is the trial's outcome)
            if not self.heartbeat.stopping():
                failure, done = self._failure(error), True
        if self.holds:
            return self._hold()
        if self.heartbeat.stopping() and not events and not done:
            self._keep_state()
            raise Preempted("the worker was told to go (SIGTERM)")
        if done:
            self._end_trial()
        label, self.label = self.label, ""
        return {**self._message(), "events": events, "failure": failure, "done": done, "device": label}

    def _failure(self, error: Exception) -> dict[str, str]:
        """Why the trial has failed. Raises DeviceLost or WorkerLost where this process, or another, cannot go on."""
        from probeline.training.device import blames_card, has_failed

        if has_failed(self.device, error):
            end_process_soon()
            raise DeviceLost(f"{self.card or 'a GPU'}: {error}", self.card if blames_card(error) else "") from error
        if isinstance(error, WorkerFailed):
            return error.failure
        failure = describe(error)
        return failure if self.group is None else self.group.cause(failure)

    def _end_trial(self) -> None:
        from probeline.training.memory import empty_device_cache

        if self.life is not None:
            self.life.watch("")
        if self.group is not None:
            self.group.leave()
        empty_device_cache(self.device)  # others on the card may need it now

    def _hold(self) -> dict:
        """Keeps the card from others for a moment."""
        if self.life is not None:
            self.life.watch("")
        until = time.monotonic() + HOLD_S
        while time.monotonic() < until and not self.heartbeat.stopping():
            time.sleep(0.1)
        if self.heartbeat.stopping():
            raise Preempted("the worker was told to go (SIGTERM)")
        return {**self._message(), "holds": True}

    def _message(self) -> dict[str, Any]:
        """An empty message."""
        empty: dict[str, Any] = {"events": [], "failure": None, "done": False, "device": "", "holds": False}
        return {**empty, "card": self.card, "pid": os.getpid()}

    def cleanup(self) -> None:
        """Stops between two records; the trial keeps its checkpoint."""
        self._keep_state()
        if self.life is not None:
            self.life.close()

    def _gather(self, trial: Trial) -> None:
        """Brings the trial's further workers to it, where it has any: those of the last one, or new ones.

        They have its data open then: decoding may take hours on a machine that does it for the first time.
        """
        if self.group is not None and not self.group.ready():
            self.group.close()
            self.group = None
        if self.resources.workers > 1:
            self.group = self.group or WorkerGroup(self.resources, self.threads, self.folder / "alive", self.device)
            self.group.open_data(trial, self.heartbeat.beat)

    def _keep_state(self) -> None:
        """Stops the trial where it is; its training writes its checkpoint. Without room for it, an older one stands."""
        with contextlib.suppress(self.heartbeat.Stopped, DiskFull):
            self.events.close()


def end_process_soon() -> None:
    """Ends this process even where its own end waits for a device that is gone; what it raises has left it by then."""
    timer = threading.Timer(END_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


def device_name(device: "torch.device") -> str:
    """What a device is, as people call it."""
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
