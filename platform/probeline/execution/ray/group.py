"""The further workers of a trial: Ray actors in its placement group that take each step with the first one.

Not Ray Train's `TorchTrainer(...).fit()` within the trial, which was tried first. Its controller reserves a placement
group of its own beside the one that Tune holds for the trial, so that a trial's GPUs would be counted twice, or not at
all. And it starts its processes for every `fit`: on two busy cores, two workers that do nothing took 52 to 64 s each
time, two actors 11 s once, after which they take one trial after another.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray.actor import ActorClass
from ray.exceptions import RayError
from ray.util.placement_group import PlacementGroup, get_current_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from probeline.execution.ray import nodes
from probeline.execution.ray.assigned_card import DeviceLost, assigned_card
from probeline.execution.ray.lifeline import Lifeline
from probeline.experiment.resources import Resources
from probeline.experiment.trial import Trial

if TYPE_CHECKING:
    import torch
    from torch.distributed import Store

MEETING = timedelta(minutes=5)
"""Time for all workers to join the process group, which includes the start of their processes."""

PATIENCE = timedelta(days=1)
"""Timeout of collective operations, which may wait for a worker that reads data; hangs are detected elsewhere."""

LOOK_EVERY = 1.0
"""Seconds between two checks of the other workers."""

GRACE = 15.0
"""Seconds for the first worker to notice by itself that another one is lost, and to report why."""


class WorkerLost(Exception):
    """One of a trial's workers has died; the others cannot continue without it."""


class WorkerFailed(Exception):
    """One of a trial's workers cannot take part in it, for a reason that is the trial's own: `failure`."""

    def __init__(self, failure: dict[str, str]) -> None:
        super().__init__(failure)
        self.failure = failure


class Follower:
    """One of the further workers. It yields no events: the first worker has them all."""

    def __init__(self, threads: int, gpus: float, notes: Path, patience: float | None) -> None:
        """`notes`: the folder of heartbeats; `patience`: seconds without one after which it is killed, None: never."""
        import torch

        from probeline.training import heartbeat
        from probeline.training.device import CPU, assigned_device

        torch.set_num_threads(threads)
        self.gpus, self.device = gpus, CPU if gpus else assigned_device(0)
        self.card, self.index = assigned_card()
        self.life = None if patience is None else Lifeline(notes, patience)
        signal.signal(signal.SIGTERM, lambda number, frame: heartbeat.stop_soon())  # the first worker will hear of it

    def claim_device(self) -> str:
        """Makes sure of the card that was assigned to it, and names it. Raises DeviceLost."""
        from probeline.training.device import DeviceUnavailable, assigned_device

        if self.gpus:
            try:
                self.device = assigned_device(self.gpus, self.index)
            except DeviceUnavailable as error:
                raise DeviceLost(f"{self.card}: {error}", self.card) from error
        return self.card

    def join(self, address: tuple[str, int], rank: int, workers: int) -> None:
        """Joins the process group at the first worker's address."""
        from torch.distributed import TCPStore

        join(TCPStore(*address, is_master=False, timeout=MEETING), rank, workers, self.device)

    def open_data(self, trial: Trial) -> dict[str, str] | None:
        """Decodes the trial's data here, unless they are; how that failed, if it did."""
        from probeline.data.store import open_dataset
        from probeline.execution.ray.error_text import describe
        from probeline.training import heartbeat

        self._watch(trial.id)
        try:
            open_dataset(trial.cell.recipe.data.as_dict(), heartbeat.beat)
        except Exception as error:  # noqa: BLE001 (it is what is reported)
            return describe(error)
        finally:
            self._watch("")  # from here on it waits for the first worker, which has a watchdog of its own
        return None

    def follow(self, trial: Trial, workers: int) -> dict[str, str] | None:
        """Takes part in a trial's training to its end; how it failed, if it did."""
        from probeline.execution.ray.error_text import describe
        from probeline.training.device import blames_card, has_failed
        from probeline.training.trial import follow

        try:
            follow(trial, workers, self.device)
        except Exception as error:  # noqa: BLE001 (it is what is reported)
            failure = describe(error)
            if has_failed(self.device, error):
                card = self.card if blames_card(error) else ""
                failure |= {"kind": "lost_device", "message": f"{self.card}: {error}", "card": card}
            return failure
        return None

    def _watch(self, trial_id: str) -> None:
        if self.life is not None:
            self.life.watch(trial_id)


class WorkerGroup:
    """The further workers of a trial, as the first one sees them. They join at construction and serve later trials.

    A worker that has failed or is gone leaves the others waiting in native code, perhaps without end. So a thread looks
    after them: where the first worker does not come to itself, it leaves a note of why and ends the process, and with
    it, by Ray, all others. What then becomes of the trial is its failure's rule.
    """

    def __init__(self, resources: Resources, threads: int, notes: Path, device: "torch.device") -> None:
        """`notes`: a folder for them; `device`: the first worker's.

        Raises:
            WorkerLost: the workers do not come together.
            DeviceLost: one of them has a GPU that cannot be used.
        """
        self.workers, self.notes, self.trial, self.open, self.device = resources.workers, notes, "", True, device
        self.at_work: list[ray.ObjectRef] = []
        group, patience = get_current_placement_group(), resources.patience_minutes
        assert group is not None  # Tune runs every trial within one
        given = threads, resources.each["GPU"], notes, None if patience is None else 60 * patience
        self.followers: list[Any] = [_placed(resources, group, rank).remote(*given) for rank in range(1, self.workers)]
        try:
            self.cards = ray.get([one.claim_device.remote() for one in self.followers])
            self._meet()
        except (RayError, RuntimeError) as error:
            if isinstance(error, DeviceLost):  # Ray raises what it was, too
                raise DeviceLost(error.message, error.card) from None
            raise WorkerLost(f"the {self.workers} workers of a trial did not come together: {error}") from error
        threading.Thread(target=self._look_after, daemon=True).start()

    def _meet(self) -> None:
        from torch.distributed import TCPStore

        here = ray.util.get_node_ip_address()
        store = TCPStore(here, 0, is_master=True, timeout=MEETING, wait_for_workers=False)
        address = (here, store.port)
        met = [one.join.remote(address, rank, self.workers) for rank, one in enumerate(self.followers, 1)]
        join(store, 0, self.workers, self.device)
        ray.get(met)

    def open_data(self, trial: Trial, beat: Callable[[], None]) -> None:
        """Returns when all workers have the trial's data open; calls `beat` meanwhile.

        Raises:
            WorkerLost: one of them is gone. WorkerFailed: one cannot open them.
        """
        from probeline.data.store import open_dataset

        waiting = [one.open_data.remote(trial) for one in self.followers]
        open_dataset(trial.cell.recipe.data.as_dict(), beat)
        while waiting:
            ended, waiting = ray.wait(waiting, timeout=LOOK_EVERY)
            beat()  # those that still work have watchdogs of their own
            for failure in map(_end, ended):
                if failure.get("kind") == "lost_worker":
                    raise WorkerLost(failure["message"])
                if failure:
                    raise WorkerFailed(failure)

    def follow(self, trial: Trial) -> None:
        """Starts the others' part in this trial."""
        self.at_work = [one.follow.remote(trial, self.workers) for one in self.followers]
        self.trial = trial.id

    def cause(self, failure: dict[str, str]) -> dict[str, str]:
        """Why a trial failed that failed here with `failure`: another's reason goes before a broken connection.

        Raises WorkerLost where one is gone, DeviceLost where its GPU is.
        """
        if failure["kind"] != "error":
            return failure
        endings = [ending for ending in self._endings(GRACE / 2) if ending]
        for ending in endings:
            if ending["kind"] == "lost_device":
                raise DeviceLost(ending["message"], ending["card"])
            if ending["kind"] == "lost_worker":
                raise WorkerLost(ending["message"])
        return next((ending for ending in endings if ending["kind"] != "error"), failure)

    def leave(self) -> None:
        """The trial has ended here: the others' endings in it no longer end this process."""
        self.trial = ""

    def ready(self) -> bool:
        """Whether all others wait for a trial, now that the last one has ended here."""
        self.leave()
        endings = self._endings(GRACE)
        busy = len(endings) < len(self.at_work)
        return not busy and all(ending.get("kind") not in ("lost_worker", "lost_device") for ending in endings)

    def close(self) -> None:
        """Ends the others."""
        from torch import distributed

        self.open = False
        for one in self.followers:
            ray.kill(one)
        distributed.destroy_process_group()

    def _endings(self, seconds: float) -> list[dict[str, str]]:
        """The endings of the others that end within `seconds`; {}: without failure."""
        if not self.at_work:
            return []
        ended, _ = ray.wait(self.at_work, num_returns=len(self.at_work), timeout=seconds)
        return [_end(one) for one in ended]

    def _look_after(self) -> None:
        """Ends this process where another worker was lost in a trial that still waits for it."""
        while self.open:
            time.sleep(LOOK_EVERY)
            trial, lost = self.trial, next((ending for ending in self._endings(0) if ending), None)
            if not trial or lost is None:
                continue
            time.sleep(GRACE)
            if self.open and trial == self.trial:
                self.notes.mkdir(parents=True, exist_ok=True)
                (self.notes / f"{trial}.lost").write_text(json.dumps(lost), encoding="utf-8")
                os._exit(1)


def join(store: "Store", rank: int, workers: int, device: "torch.device") -> None:
    """Makes torch's default process group: gloo between hosts, and NCCL where the workers have GPUs."""
    from torch import distributed

    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, store=store, rank=rank, world_size=workers, timeout=PATIENCE)


def _placed(resources: Resources, group: PlacementGroup, rank: int) -> "ActorClass":
    """A further worker's actor, in its own bundle of the trial's placement group."""
    where = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=rank)
    each = resources.each
    return ray.remote(Follower).options(num_cpus=each["CPU"], num_gpus=each["GPU"], scheduling_strategy=where)


def _end(one: ray.ObjectRef) -> dict[str, str]:
    """The ending of a worker's part in a trial; {}: without failure."""
    try:
        return ray.get(one) or {}
    except RayError as error:
        went = "; its node died" if nodes.took(error) else ""  # words of Ray's, which say it later
        return {"kind": "lost_worker", "message": f"one of the trial's workers died: {error}{went}", "traceback": ""}
