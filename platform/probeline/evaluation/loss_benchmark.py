"""What a method's loss costs at a batch size: the time and memory of its forward and backward pass, the encoder aside.

A batch-size axis ends where the loss does, if similarities of all pairs are held: SimCLR's batch of 8,192 has 268
million of them. Chen, Kornblith, Norouzi, Hinton, ICML 2020, arXiv 2002.05709, section 2.2, spread them over 128
accelerators.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.core.method import Method
from probeline.core.metric import Metric
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._allocations import peak_bytes
from probeline.evaluation.base import EvaluationData, Protocol

METRICS = {
    "<size>/seconds": Metric("time of the loss, batch of <size>", "s", "lower", (0.0, inf)),
    "<size>/bytes": Metric("memory of the loss, batch of <size>", "MiB", "lower", (0.0, inf), 1 / (1024 * 1024), 1),
}
PRIMARY = "<size>/seconds"

SAMPLES = 256
"""Images that pass through the network; larger batches repeat their outputs, as a loss does not see the images."""


class Config(Settings):
    """`batch_sizes` in samples. `rounds`: timed passes of each after one that is not; their median is recorded."""

    batch_sizes: tuple[int, ...] = Field((256, 1024, 4096), min_length=1)
    rounds: int = Field(3, ge=1)


class LossBenchmark(Protocol[Config]):
    """`<batch size>/seconds` and `<batch size>/bytes`: the most that tensors held beside the loss's inputs.

    In float32, on the method's own outputs for training images; nothing is learned.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        subject = data.subject
        if not subject.method.trains:
            raise NotApplicable(f"{type(subject.method).__name__} trains nothing, so it has no loss")
        batch = next(subject.batches("train", SAMPLES))
        with torch.no_grad():
            views = subject.method.views(batch, SampleRNG(subject.seed, 0, batch.index))
            outputs = subject.method(views)
        for size in self.config.batch_sizes:
            wanted = (len(batch), size)
            step = loss_step(subject.method, repeated_outputs(outputs, *wanted), repeated_views(views, *wanted))
            yield Record(f"{size}/bytes", float(peak_bytes(step, subject.device)))
            seconds = []
            for _ in range(self.config.rounds):
                subject.heartbeat()
                seconds.append(timed(step, subject.device))
            yield Record(f"{size}/seconds", median(seconds))


def repeated(rows: Tensor | None, samples: int, size: int) -> Tensor | None:
    """[V * samples, ...], view after view, as [V * size, ...]: the samples again and again, or the first of them."""
    if rows is None:
        return None
    chosen = torch.arange(size, device=rows.device) % samples
    return rows.unflatten(0, (-1, samples))[:, chosen].flatten(0, 1)


def repeated_views(views: Any, samples: int, size: int) -> Any:
    """The same for all that a method made of a batch."""
    named = {name: repeated(getattr(views, name), samples, size) for name in ("inputs", "targets", "index", "lengths")}
    return replace(views, **named)


def repeated_outputs(outputs: Any, samples: int, size: int) -> Any:
    """The same for all that a forward pass gave."""
    extra = {name: repeated(rows, samples, size) for name, rows in outputs.extra.items()}
    return replace(outputs, h=repeated(outputs.h, samples, size), z=repeated(outputs.z, samples, size), extra=extra)


def loss_step(method: Method, outputs: Any, views: Any) -> Callable[[], None]:
    """The loss of these outputs and its gradient with respect to them, again at each call."""
    rows = (outputs.h, outputs.z, *outputs.extra.values())
    learned = [each.requires_grad_() for each in rows if each.is_floating_point()]

    def step() -> None:
        for each in learned:
            each.grad = None
        method.loss(outputs, views)["loss"].backward()

    return step


def timed(step: Callable[[], None], device: torch.device) -> float:
    """Seconds of one call, to the end of what it set the device to."""
    start = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start
