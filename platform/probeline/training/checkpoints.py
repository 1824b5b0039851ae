"""Where a trial stands, and finished encoders: safetensors with JSON, written whole or not at all."""

import json
import logging
import os
import time
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from probeline.storage.paths import StoragePath, on_disk, remove, write_atomic
from probeline.training import heartbeat

log = logging.getLogger(__name__)


class Checkpoint:
    """The one resumable state of a trial: tensors, and JSON facts in the same file's header."""

    def __init__(self, path: StoragePath, seconds: float = 30.0) -> None:
        """`seconds`: how much work may be lost; `due` is true when that much time has passed since the last save."""
        self.path, self.seconds, self._saved = path, seconds, time.monotonic()

    def due(self) -> bool:
        """Whether it is time to save again: asked at every step, so it is a heartbeat too."""
        heartbeat.beat()
        return heartbeat.stopping() or time.monotonic() - self._saved >= self.seconds

    def save(self, tensors: dict[str, Tensor], facts: dict) -> None:
        """Replaces the state on disk; a crash at any moment leaves the old or the new one, whole.

        Raises heartbeat.Stopped where this process was asked to stop once the state is safe; DiskFull, and then the old
        state stands.
        """
        write_atomic(self.path, save(on_host(tensors), {"facts": json.dumps(facts)}))
        self._saved = time.monotonic()
        if heartbeat.stopping():
            raise heartbeat.Stopped

    def load(self) -> tuple[dict[str, Tensor], dict] | None:
        """The saved tensors and facts; None where there is no file, or one that cannot be read (logged)."""
        if not self.path.is_file():
            return None
        try:
            with on_disk(self.path) as path, safe_open(path, framework="pt") as file:
                return {k: file.get_tensor(k) for k in file.keys()}, json.loads(file.metadata()["facts"])  # noqa: SIM118
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            log.warning("checkpoint %s cannot be read (%s): the trial starts over", self.path, error)
            return None

    def remove(self) -> None:
        """Deletes the state; the trial has no more use for it."""
        remove(self.path)


class NoCheckpoint(Checkpoint):
    """What a further worker of a trial has, as the first one keeps the state of all."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    def due(self) -> bool:
        heartbeat.beat()
        return False

    def save(self, tensors: dict[str, Tensor], facts: dict) -> None:
        return None

    def load(self) -> None:
        return None


def on_host(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as safetensors takes them: on the CPU, contiguous."""
    return {key: value.detach().cpu().contiguous() for key, value in tensors.items()}


def state_tensors(modules: dict[str, nn.Module], optimizers: dict[str, Optimizer]) -> dict[str, Tensor]:
    """All tensors of modules and optimisers under one flat naming: `method.encoder.conv1.weight`, `sgd.3.momentum`."""
    tensors = {f"{name}.{key}": value for name, m in modules.items() for key, value in m.state_dict().items()}
    for name, optimizer in optimizers.items():
        for index, slots in optimizer.state_dict()["state"].items():
            tensors |= {f"{name}.{index}.{k}": v for k, v in slots.items() if isinstance(v, Tensor)}
    return tensors


def restore_tensors(
    tensors: dict[str, Tensor], modules: dict[str, nn.Module], optimizers: dict[str, Optimizer]
) -> None:
    """Puts what `state_tensors` gave back in place."""
    for name, module in modules.items():
        module.load_state_dict(under(name, tensors))
    for name, optimizer in optimizers.items():
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in under(name, tensors).items():
            index, _, slot = key.partition(".")
            slots.setdefault(int(index), {})[slot] = laid_out_as(weights[int(index)], value)
        optimizer.load_state_dict({"state": slots, "param_groups": optimizer.state_dict()["param_groups"]})


def laid_out_as(weight: Tensor, value: Tensor) -> Tensor:
    """`value` in the memory layout of `weight` where shapes are equal.

    A file knows no channels_last, and torch's fused optimisers walk a weight and its momentum as raw memory: in
    another layout each number of the one meets a wrong number of the other.
    """
    return torch.empty_like(weight, dtype=value.dtype).copy_(value) if value.shape == weight.shape else value


def under(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The entries below `name.`, without that prefix."""
    return {key[len(name) + 1 :]: value for key, value in tensors.items() if key.startswith(f"{name}.")}
