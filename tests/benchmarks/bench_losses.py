"""Losses in blocks against other libraries', and gradient caching against ordinary steps: time, and memory on top.

Each measurement is a process of its own. `extra` is its peak resident memory less what it held before the step, after
a small step has started the libraries. Times are of a second pass where one is cheap; compared ones alternate.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.losses import nt_xent, triplet
from probeline.methods.contrastive.simclr import Config, SimCLR
from probeline.models.build import build_encoder
from probeline.training.data_parallel import Shard
from probeline.training.gradient_cache import cached_gradient, full_gradient
from probeline.training.memory import keep_freed_memory

from tests.benchmarks.memory import most_memory
from tests.benchmarks.row import Row

PAIRS, MANY_PAIRS, D, ROUNDS = 8192, 32768, 128, 3
SAMPLES, MANY_SAMPLES, PER_CLASS = 512, 4096, 8
B, MICRO = 4096, 256
FACTS = DatasetInfo(
    digest="-", train_size=B, validation_size=2, test_size=2, classes=("a", "b"), sample=image(32, 32, 3)
)
MIB = 2**20


def loss_step(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], pairs: int) -> Callable[[int], None]:
    """Forward and backward pass of a loss on so many pairs, or on fewer."""
    za, zb = (torch.randn(pairs, D, requires_grad=True) for _ in range(2))

    def step(count: int) -> None:
        za.grad = zb.grad = None
        loss(za[:count], zb[:count]).backward()

    return step


def ours(pairs: int = PAIRS) -> Callable[[int], None]:
    return loss_step(lambda za, zb: nt_xent(za, zb, 0.5), pairs)


def lightlys() -> Callable[[int], None]:
    from lightly.loss import NTXentLoss

    return loss_step(NTXentLoss(0.5), PAIRS)


def triplets(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], samples: int) -> Callable[[int], None]:
    """Forward and backward pass of a loss on so many samples of `PER_CLASS` a class, or on fewer."""
    z, labels = torch.randn(samples, D, requires_grad=True), torch.arange(samples) // PER_CLASS

    def step(count: int) -> None:
        z.grad = None
        loss(z[:count], labels[:count]).backward()

    return step


def our_triplets(samples: int = SAMPLES) -> Callable[[int], None]:
    return triplets(lambda z, labels: triplet(z, labels, 0.2, squared=False), samples)


def librarys_triplets() -> Callable[[int], None]:
    from pytorch_metric_learning.losses import TripletMarginLoss

    return triplets(TripletMarginLoss(0.2), SAMPLES)


def training_step(micro_batch: int | None) -> Callable[[int], None]:
    """SimCLR's gradient on a ResNet-18 of width 8, so many images of 32x32, with Probeline's views.

    The batch's pixels are there before the step, whatever its kind, and are not counted as its memory.
    """
    keep_freed_memory()
    torch.manual_seed(0)
    encoder = build_encoder({"name": "resnet", "width": 8}, FACTS.sample).to(memory_format=torch.channels_last)
    method = SimCLR(Config(), encoder, FACTS)

    pixels = torch.rand(B, 32, 32, 3).permute(0, 3, 1, 2)

    def step(count: int) -> None:
        index = torch.arange(count)
        batch, rng = Batch(pixels[:count], torch.zeros_like(index), index), SampleRNG(0, 0, index)
        method.zero_grad(set_to_none=True)
        precision = torch.autocast("cpu", enabled=False)
        if micro_batch is None:
            full_gradient(method, batch, rng, lambda: precision)
        else:
            cached_gradient(method, batch, rng, lambda: precision, Shard(count, micro_batch))

    return step


STEPS: dict[str, tuple[Callable[[], Callable[[int], None]], int, int]] = {
    "ours": (ours, PAIRS, 2),
    "lightly": (lightlys, PAIRS, 2),
    "many": (lambda: ours(MANY_PAIRS), MANY_PAIRS, 1),
    "triplets": (our_triplets, SAMPLES, 2),
    "librarys_triplets": (librarys_triplets, SAMPLES, 2),
    "many_triplets": (lambda: our_triplets(MANY_SAMPLES), MANY_SAMPLES, 1),
    "cached": (lambda: training_step(MICRO), B, 2),
    "ordinary": (lambda: training_step(None), B, 2),
    "small": (lambda: training_step(None), MICRO, 2),
}


def measure(which: str) -> dict[str, float]:
    """Seconds of the last pass and extra MiB at the peak, in this process."""
    make, count, passes = STEPS[which]
    step = make()
    step(16)
    before = psutil.Process().memory_info().rss
    for _ in range(passes):
        start = time.perf_counter()
        step(count)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "extra": (most_memory() - before) / MIB}


def measured(which: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_losses", which]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def alternating(one: str, other: str, rounds: int) -> tuple[dict[str, float], dict[str, float], float]:
    """Medians of each, and the median of the rounds' ratios of time."""
    pairs = [(measured(one), measured(other)) for _ in range(rounds)]
    medians = [{key: statistics.median(m[key] for m in side) for key in side[0]} for side in zip(*pairs, strict=True)]
    return medians[0], medians[1], statistics.median(a["seconds"] / b["seconds"] for a, b in pairs)


def triplet_rows() -> Iterator[Row]:
    """The triplet loss on all triplets of a batch beside pytorch-metric-learning's."""
    mine, theirs, ratio = alternating("triplets", "librarys_triplets", ROUNDS)
    name, peer = f"all triplets of {SAMPLES} samples, {PER_CLASS} a class, D={D}", "pytorch-metric-learning"
    yield Row(name, mine["seconds"], "s", theirs["seconds"], peer, ratio, "at most its own", ratio <= 1)
    share = mine["extra"] / theirs["extra"]
    yield Row(f"{name}: extra memory", mine["extra"], "MiB", theirs["extra"], peer, share, "half", share <= 0.5)
    many = measured("many_triplets")
    name = f"all triplets of {MANY_SAMPLES:,} samples"
    yield Row(name, many["seconds"], "s")
    yield Row(f"{name}: extra memory", many["extra"], "MiB", target="under 500 MB", met=many["extra"] * MIB < 500e6)


def rows() -> Iterator[Row]:
    """For the benchmark table."""
    yield from triplet_rows()
    mine, theirs, ratio = alternating("ours", "lightly", ROUNDS)
    name = f"NT-Xent forward and backward, {PAIRS:,} pairs, D={D}"
    yield Row(name, mine["seconds"], "s", theirs["seconds"], "lightly", ratio, "at most half", ratio <= 0.5)
    share = mine["extra"] / theirs["extra"]
    yield Row(
        f"{name}: extra memory", mine["extra"], "MiB", theirs["extra"], "lightly", share, "at most 5%", share <= 0.05
    )
    many = measured("many")["extra"]
    yield Row(f"NT-Xent, {MANY_PAIRS:,} pairs: extra memory", many, "MiB", target="under 1 GB", met=many * MIB < 1e9)
    cached, ordinary, ratio = alternating("cached", "ordinary", ROUNDS)
    name = f"gradient caching, B={B:,} at micro-batch {MICRO}"
    yield Row(name, cached["seconds"], "s", ordinary["seconds"], "ordinary step", ratio, "at most 1.5x", ratio <= 1.5)
    # Two views of each sample; h of 8 * 8 and z of 128 numbers, each with its gradient, as the cache keeps them.
    embeddings = 2 * B * (64 + 128) * 4 * 2 / MIB
    small = measured("small")["extra"] + embeddings
    share = cached["extra"] / small
    yield Row(
        f"{name}: extra memory",
        cached["extra"],
        "MiB",
        small,
        f"B={MICRO} and the embeddings",
        share,
        "within 15%",
        share <= 1.15,
    )


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
