"""How many random views a CPU makes a second: `python -m tests.benchmarks.bench_views [threads]`."""

import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from probeline.data.augment.settings import Augment
from probeline.data.augment.views import augment
from probeline.data.loader import batches
from probeline.data.parts import Part

from tests.benchmarks.row import Row

BATCH, SIDE, REPEATS = 256, 32, 40
TARGET = 60_000  # views/s on 2 cores


def views_per_second(settings: Augment) -> float:
    """Two SimCLR views of every image of a batch, as the method asks for them; the median of the repeats."""
    images = torch.rand(BATCH, 3, SIDE, SIDE).to(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(0)
    return 2 * BATCH / _seconds(lambda: [augment(images, settings, generator) for _ in range(2)])


def images_per_second() -> float:
    """Shuffled batches from 50,000 images in memory."""
    random = np.random.default_rng(0)
    part = Part(random.integers(0, 256, (50_000, SIDE, SIDE, 3), np.uint8), np.zeros(50_000, np.int64))
    started = time.perf_counter()
    count = sum(len(batch) for batch in batches(part, BATCH, seed=0, epoch=0, device="cpu"))
    return count / (time.perf_counter() - started)


def rows() -> list[Row]:
    """For the benchmark table."""
    simclr = views_per_second(Augment())
    return [
        Row("SimCLR views at 32x32", simclr, "views/s", target=f"{TARGET:,} on 2 cores", met=simclr >= TARGET),
        Row("SimCLR views at 32x32 with blur", views_per_second(Augment(blur=0.5)), "views/s"),
        Row("shuffled batches of 256 at 32x32", images_per_second(), "images/s"),
    ]


def main() -> None:
    if len(sys.argv) > 1:
        torch.set_num_threads(int(sys.argv[1]))
    first, *_ = measured = rows()
    others = {row.name: row.ours for row in measured[1:]}
    line = {"name": first.name, "ours": first.ours, "unit": first.unit}
    print(json.dumps({**line, "threads": torch.get_num_threads(), "others": others}))


def _seconds(work: Callable[[], object]) -> float:
    for _ in range(5):
        work()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
