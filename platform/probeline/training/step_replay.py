"""A diverged step run again: its loss, the norms of its gradients, and the first tensor that is not finite."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor, nn

from probeline.core.batch import Batch
from probeline.data.store import open_dataset
from probeline.errors import UserError
from probeline.experiment.resolved import ResolvedRecipe
from probeline.experiment.resolved import from_dict as recipe_of
from probeline.experiment.schema import Training
from probeline.training.checkpoints import restore_tensors
from probeline.training.device import CPU
from probeline.training.divergence import digest
from probeline.training.held_out import without_files
from probeline.training.loop import Loop
from probeline.training.method_building import initial_method
from probeline.training.precision import float32_arithmetic

LARGEST = 5
"""Gradients listed, the largest first."""


@dataclass(frozen=True)
class StepReplay:
    """What a step gave when it was run again; `recorded`: the terms of the loss as they were then.

    `gradients`: name of a parameter -> the norm of its gradient. `first`: the first tensor that is not finite, in the
    order of computation, None where all are. `same_inputs`: whether the batch is the recorded one to the bit.
    """

    facts: Mapping[str, Any]
    terms: dict[str, float]
    recorded: dict[str, float]
    gradients: dict[str, float]
    first: str | None
    same_inputs: bool

    @property
    def gradient_norm(self) -> float:
        """Of all gradients together."""
        return float(torch.tensor(list(self.gradients.values()), dtype=torch.float64).square().sum().sqrt())


@dataclass
class FirstNonFinite:
    """The first of the tensors that it is shown that holds a number that is not finite."""

    name: str | None = None

    def look(self, name: str, value: Any) -> None:
        """Looks at a tensor, or at those of an object that has some as attributes."""
        for part, tensor in _tensors(value):
            if self.name is None and tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                wrong = int((~torch.isfinite(tensor)).sum())
                self.name = f"{name}{part}: {wrong:,} of {tensor.numel():,} numbers"


def _tensors(value: Any) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield "", value
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from ((f"[{number}]{part}", tensor) for part, tensor in _tensors(item))
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from ((f".{name}{part}", tensor) for part, tensor in _tensors(getattr(value, name, None)))


def replay(facts: Mapping[str, Any], state: bytes, device: torch.device = CPU) -> StepReplay:
    """Runs a recorded step again. `facts` and `state`: the content of its two artifacts.

    Raises UserError where the data set has no such samples any more.
    """
    recipe = recipe_of(facts["recipe"])
    training = recipe.training.model_copy(update={"micro_batch": facts["micro_batch"]})
    with float32_arithmetic(training.precision, device):
        loop = _loop(recipe, training, facts["seed"], device)
        loop.progress.epoch, loop.progress.step = facts["epoch"], facts["step"]
        restore_tensors(load(state), loop.modules, loop.optimizers)
        loop.method.train()
        batch = next(islice(loop.batches(), facts["step"], None), None)
        if batch is None or batch.index.tolist() != facts["index"]:
            raise UserError("its data set gives other samples at this step now; the data have changed since")
        return _step(loop, batch, facts)


def _loop(recipe: ResolvedRecipe, training: Training, seed: int, device: torch.device) -> Loop:
    dataset = without_files(open_dataset(recipe.data.as_dict()))
    method = initial_method(recipe, dataset.info, seed).to(device).to(memory_format=torch.channels_last)
    return Loop(method, dataset, training, seed, device)


def _step(loop: Loop, batch: Batch, facts: Mapping[str, Any]) -> StepReplay:
    first = FirstNonFinite()
    for name, tensor in loop.method.state_dict().items():
        first.look(f"before the step, {name}", tensor)
    first.look("batch", batch.inputs)
    with _watched(loop.method, first):
        terms = {name: float(value) for name, value in loop._update(batch).items()}
    for name, value in terms.items():
        first.look(f"{name} of the loss", torch.tensor(value))
    gradients = {n: p.grad for n, p in loop.method.named_parameters() if p.grad is not None}
    for name, gradient in gradients.items():
        first.look(f"gradient of {name}", gradient)
    for name, tensor in loop.method.state_dict().items():
        first.look(f"after the step, {name}", tensor)
    return StepReplay(
        facts,
        terms,
        {name: float(value) for name, value in facts["terms"].items()},
        {name: float(gradient.norm()) for name, gradient in gradients.items()},
        first.name,
        digest(batch.inputs) == facts["inputs_sha256"],
    )


@contextmanager
def _watched(method: nn.Module, first: FirstNonFinite) -> Iterator[None]:
    """While inside, every module's output is looked at as it is computed."""

    def hook_of(name: str) -> Any:
        return lambda module, inputs, output: first.look(f"output of {name or 'the method'}", output)

    hooks = [module.register_forward_hook(hook_of(name)) for name, module in method.named_modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def text(replay: StepReplay) -> str:
    """For a person: where the step stands, its loss then and now, its gradients, the first non-finite tensor."""
    facts = replay.facts
    shown = ", ".join(map(str, facts["index"][:8])) + (", ..." if len(facts["index"]) > 8 else "")
    inputs = "the recorded ones to the bit" if replay.same_inputs else "NOT the recorded ones"
    largest = sorted(replay.gradients.items(), key=lambda item: -item[1] if item[1] == item[1] else -float("inf"))
    return "\n".join(
        [
            f"trial {facts['trial_id']}: {facts['cell']} seed={facts['seed']}, epoch {facts['epoch'] + 1}, "
            f"step {facts['step'] + 1} of {facts['steps']}, learning rate {facts['learning_rate']:.3g}",
            f"samples {shown}; inputs are {inputs}",
            *(f"{name} {value:.6g} (recorded {replay.recorded[name]:.6g})" for name, value in replay.terms.items()),
            f"gradient norm {replay.gradient_norm:.4g} over {len(replay.gradients)} parameters; the largest:",
            *(f"  {name} {norm:.4g}" for name, norm in largest[:LARGEST]),
            f"first tensor that is not finite: {replay.first or 'none'}",
        ]
    )


def as_dict(replay: StepReplay) -> dict[str, Any]:
    """The same as JSON-able values; numbers that JSON cannot hold as text."""
    return {
        **replay.facts,
        "replayed": {name: repr(value) for name, value in replay.terms.items()},
        "gradient_norm": repr(replay.gradient_norm),
        "gradients": {name: repr(norm) for name, norm in replay.gradients.items()},
        "first_non_finite": replay.first,
        "same_inputs": replay.same_inputs,
    }
