"""A warm Ray worker: one trial after another in the same process."""

import contextlib
import faulthandler
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ray import tune

from probeline.errors import DiskFull
from probeline.execution.ray import watchdog
from probeline.execution.ray.error_text import describe
from probeline.execution.ray.group import WorkerGroup
from probeline.experiment.schema import Resources
from probeline.experiment.trial import Trial
from probeline.storage.paths import StoragePath
from probeline.tracking.writing.provenance import processor

PATIENCE = 0.5
"""Seconds between two messages to the driver: a progress bar moves, and a short trial needs one message."""


class Preempted(Exception):
    """The worker was told to go (SIGTERM): its trial's state is kept, and the trial goes on elsewhere."""


class Retired(Exception):
    """The worker keeps too much memory for another trial: the trial that it was given goes to a fresh one."""


@dataclass(frozen=True, eq=False)
class TrialHandle:
    """A trial on its way to a worker; Tune copies and prints what it carries, so this does neither at length."""

    trial: Trial

    def __deepcopy__(self, memo: dict) -> "TrialHandle":
        return self

    def __repr__(self) -> str:
        return self.trial.id


class Worker(tune.Trainable):
    """Runs `probeline.training.trial.run`, some of its records to a message.

    A message holds what the trial `said` (records, artifacts, notes), in the first one the `device` that it runs on,
    and, if it could not finish, its `failure`. What
    the trial raises is a message too, so that Ray's errors are left for workers that die or are sent away.
    """

    def setup(self, config: dict, folder: Path, storage: StoragePath, resources: Resources) -> None:
        """`config["ticket"]`: the trial; `folder`: the run's; `storage` keeps what trials keep."""
        import torch

        from probeline.training import heartbeat
        from probeline.training.trial import Storage

        self.threads = max(1, int(resources.each["CPU"]))
        torch.set_num_threads(self.threads)
        self.folder, self.storage, self.heartbeat, self.resources = folder, Storage(storage), heartbeat, resources
        self.group: WorkerGroup | None = None
        self.first: int | None = None  # bytes that it kept after its first trial
        heartbeat.carry_on()
        signal.signal(signal.SIGTERM, lambda number, frame: heartbeat.stop_soon())
        minutes = resources.patience_minutes
        self.life = None if minutes is None else self._show_life(60 * minutes)
        self._turn_to(config)

    def reset_config(self, new_config: dict) -> bool:
        """Turns to another trial without leaving the process. Raises Retired where that keeps too much memory."""
        if self.resources.recycle_gib is not None:
            self._check_growth(self.resources.recycle_gib * 2**30)
        self._turn_to(new_config)
        return True

    def _check_growth(self, most: float) -> None:
        from probeline.training.memory import give_back_freed_memory, memory_held
        from probeline.training.trial import best_device

        device = best_device()
        if self.first is None:
            self.first = memory_held(device)
        elif memory_held(device) > self.first + most:
            give_back_freed_memory()  # a larger trial than the first one leaves freed pages, which are no leak
            if memory_held(device) > self.first + most:
                raise Retired(f"it keeps {(memory_held(device) - self.first) / 2**30:.2g} GiB more than at first")

    def _turn_to(self, config: dict) -> None:
        from probeline.training.trial import run

        trial = config["ticket"].trial
        if self.life is not None:
            self.life.write_text(trial.id)
        self.said, self.device = run(trial, self.storage, workers=self.resources.workers), device_name()
        self._gather(trial)

    def step(self) -> dict:
        """What the trial says within the next moments. Raises Preempted when all is said and the worker must go."""
        until, said, failure, done = time.monotonic() + PATIENCE, [], None, False
        try:
            while time.monotonic() < until and not self.heartbeat.stopping():
                said.append(next(self.said))
                self.heartbeat.beat()
        except StopIteration:
            done = True
        except Exception as error:
            if not self.heartbeat.stopping():
                failure, done = describe(error), True
                failure = failure if self.group is None else self.group.cause(failure)
        if self.heartbeat.stopping() and not said and not done:
            self._keep_state()
            raise Preempted("the worker was told to go (SIGTERM)")
        if done and self.life is not None:
            self.life.write_text("")
        if done and self.group is not None:
            self.group.leave()
        device, self.device = self.device, ""
        return {"said": said, "failure": failure, "done": done, "device": device, "pid": os.getpid()}

    def cleanup(self) -> None:
        """Stops between two records; the trial keeps its checkpoint."""
        self._keep_state()
        if self.life is not None:
            self.heartbeat.show_life_in(None)
            for file in (self.life, self.life.with_name(f"{self.life.name}.stacks")):
                with contextlib.suppress(OSError):
                    file.unlink()

    def _gather(self, trial: Trial) -> None:
        """Brings the trial's further workers to it, where it has any: those of the last one, or new ones."""
        if self.group is not None and not self.group.ready():
            self.group.close()
            self.group = None
        if self.resources.workers > 1:
            self.group = self.group or WorkerGroup(self.resources, self.threads, self.folder / "alive")
            self.group.follow(trial)

    def _keep_state(self) -> None:
        """Stops the trial where it is; its training writes its checkpoint. Without room for it, an older one stands."""
        with contextlib.suppress(self.heartbeat.Stopped, DiskFull):
            self.said.close()

    def _show_life(self, patience: float) -> Path:
        """Starts the watchdog on a file of this worker."""
        folder = self.folder / "alive"
        folder.mkdir(parents=True, exist_ok=True)
        life = folder / f"{socket.gethostname()}-{os.getpid()}"
        life.write_text("")
        stacks = life.with_name(f"{life.name}.stacks").open("w")  # open as long as the process, for faulthandler
        faulthandler.register(signal.SIGUSR2, file=stacks)
        command = [sys.executable, "-S", "-E", watchdog.__file__, str(os.getpid()), str(life), str(patience)]
        subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        self.heartbeat.show_life_in(life)
        return life


def device_name() -> str:
    """What this process computes on, as people call it."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
