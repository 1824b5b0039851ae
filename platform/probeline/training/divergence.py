"""The step at which a training diverged, found again from the last state that was finite, and kept as artifacts."""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save
from torch import Tensor

from probeline.core.events import Artifact
from probeline.errors import DiskFull
from probeline.experiment.trial import Trial
from probeline.storage.paths import write_atomic
from probeline.training import heartbeat
from probeline.training.checkpoints import on_host, restore_tensors, state_tensors
from probeline.training.seeds import derive

if TYPE_CHECKING:
    from probeline.core.batch import Batch
    from probeline.training.loop import Loop, TrainingProgress

STEP, STATE = "diverged/step.json", "diverged/state.safetensors"
KEEP_EVERY, MAX_STEPS = 50, 400
"""Steps between two copies of the state; and those that are run again in search of the diverged one."""

MAX_BYTES = 512 * 1024 * 1024
"""Bytes of weights and momentum of which a copy is kept in memory; of more none is, and the step is not found again."""


class LastFinite:
    """A copy of a training's state when its loss was last looked at and finite; None of one that is too large."""

    def __init__(self) -> None:
        self.state: tuple[dict[str, Tensor], int, int] | None = None
        self._update = -KEEP_EVERY

    def keep(self, loop: "Loop", progress: "TrainingProgress") -> None:
        """Copies the state to the host, which takes as long as some steps, where KEEP_EVERY have passed since."""
        update = loop._update_number(progress.step)
        if loop.share.workers == 1 and update - self._update >= KEEP_EVERY:
            copies, self._update = _copied(loop), update
            self.state = None if copies is None else (copies, progress.epoch, progress.step)


def _copied(loop: "Loop") -> dict[str, Tensor] | None:
    """The state on the host, apart from what training changes from now on; None where it is too large."""
    tensors = state_tensors(loop.modules, loop.optimizers)
    if sum(tensor.nbytes for tensor in tensors.values()) > MAX_BYTES:
        return None
    return {name: tensor.clone() for name, tensor in on_host(tensors).items()}


def evidence(trial: Trial, loop: "Loop", folder: Path) -> Iterator[Artifact]:
    """Finds the diverged step again and leaves it in `folder`; nothing where no state was kept, or there is no room."""
    if loop.last_finite.state is None:
        return
    with suppress(DiskFull, OSError):  # the trial's own failure is what its user must read
        step = _first_diverged(loop)
        if step is None:
            return
        tensors, batch, terms = step
        facts = description(trial, loop, batch, terms)
        folder.mkdir(parents=True, exist_ok=True)
        names = {STEP: json.dumps(facts, indent=1).encode(), STATE: save(on_host(tensors))}
        for name, content in names.items():
            write_atomic(folder / Path(name).name, content)
        yield from [Artifact(name, folder / Path(name).name) for name in names]


def _first_diverged(loop: "Loop") -> tuple[dict[str, Tensor], "Batch", dict[str, float]] | None:
    """Runs on from the last finite state to the first step whose loss or weights are not: state before it, its batch.

    None where no step diverges this time.
    """
    assert loop.last_finite.state is not None
    tensors, loop.progress.epoch, loop.progress.step = loop.last_finite.state
    restore_tensors(tensors, loop.modules, loop.optimizers)
    for batch in islice(_batches_on(loop), MAX_STEPS):
        heartbeat.beat()
        before = _copied(loop) or tensors
        terms = {name: float(value) for name, value in loop._update(batch).items()}
        if not all(map(math.isfinite, terms.values())) or first_non_finite(loop) is not None:
            return before, batch, terms
        loop.progress.step += 1
    return None


def _batches_on(loop: "Loop") -> Iterator["Batch"]:
    """The batches from where the training stands, over the ends of epochs."""
    loop.method.train()
    while loop.progress.epoch < loop.training.epochs:
        yield from islice(loop.batches(), loop.progress.step, None)
        loop.progress.epoch, loop.progress.step = loop.progress.epoch + 1, 0
        loop.method.prepare(loop.progress.epoch, loop._embed)
        loop.method.train()


def first_non_finite(loop: "Loop") -> str | None:
    """The name of the first weight or statistic of the method that is not finite."""
    state = loop.method.state_dict().items()
    return next((name for name, tensor in state if not bool(torch.isfinite(tensor).all())), None)


def description(trial: Trial, loop: "Loop", batch: "Batch", terms: dict[str, float]) -> dict[str, Any]:
    """What a replay needs beside the state: where the step stands, its samples, and the seeds of all that is drawn."""
    epoch, step = loop.progress.epoch, loop.progress.step
    noise = {"order": derive(trial.seed, "order"), "views": derive(trial.seed, "views")}
    return {
        "trial_id": trial.id,
        "cell": trial.cell.label,
        "seed": trial.seed,
        "recipe": trial.cell.recipe.as_dict(),
        "epoch": epoch,
        "step": step,
        "steps": loop.steps,
        "micro_batch": loop.training.micro_batch,
        "learning_rate": loop._rate(step),
        "index": batch.index.tolist(),
        "inputs_sha256": digest(batch.inputs),
        "draws": noise | {"noise": derive(trial.seed, "noise", epoch, step)},
        "terms": {name: repr(value) for name, value in terms.items()},
    }


def digest(tensor: Tensor) -> str:
    """The SHA-256 of a tensor's numbers."""
    return hashlib.sha256(tensor.detach().cpu().contiguous().numpy().tobytes()).hexdigest()
