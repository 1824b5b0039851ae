"""SimCLR's two views (crop, flip, jitter, grey) at 32x32: ours, lightly's DataLoader with 2 workers, kornia in batches.

All three start from the same uint8 photographs in memory and end with float batches of 2 x 256 views on the CPU, with
all of its cores. They take turns, a fresh process each, and the median of the rounds' ratios is told.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import numpy as np
import torch
from probeline.core.batch import Batch
from probeline.core.dataset import Split
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import two_views
from probeline.data.images.augment.settings import Augment
from probeline.data.loader import batches
from probeline.training.memory import keep_freed_memory

from tests.benchmarks.row import Row

B, SIDE, ROUNDS, N = 256, 32, 3, 256 * 8
STEPS = {"ours": 40, "blurred": 40, "lightly": 12, "kornia": 12}
AHEAD = 4  # 2 workers, each with 2 batches under way
TARGETS = {"lightly": 20, "kornia": 5}


def photographs() -> np.ndarray:
    """Real images, N of 32x32x3 in uint8: the training crops of `photos`, repeated."""
    from probeline.data.store import open_dataset

    images = open_dataset({"name": "photos"}).train.inputs
    return np.resize(images, (N, *images.shape[1:]))


def timed(batch_of_views: Iterator[object], steps: int) -> float:
    """Views a second over `steps` batches, after as many as lightly's workers may have made ahead."""
    for _ in range(AHEAD):
        next(batch_of_views)
    start = time.perf_counter()
    for _ in islice(batch_of_views, steps):
        pass
    return steps * 2 * B / (time.perf_counter() - start)


def loaded(images: np.ndarray) -> Iterator[Batch]:
    """Probeline's shuffled batches, epoch after epoch."""
    part = Split(images, np.zeros(len(images), np.int64))
    for epoch in range(10**6):
        yield from batches(part, B, seed=0, epoch=epoch, device="cpu")


def ours(settings: Augment) -> Callable[[np.ndarray], Iterator[object]]:
    def views(images: np.ndarray) -> Iterator[object]:
        keep_freed_memory()  # as in a trial
        return (two_views(b.inputs, settings, None, SampleRNG(0, 0, b.index)) for b in loaded(images))

    return views


def lightlys(images: np.ndarray) -> Iterator[object]:
    from lightly.transforms import SimCLRTransform
    from PIL import Image

    transform = SimCLRTransform(input_size=SIDE, cj_strength=0.5, gaussian_blur=0.0)

    class Images(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return N

        def __getitem__(self, index: int) -> list[torch.Tensor]:
            return transform(Image.fromarray(images[index]))

    loader = torch.utils.data.DataLoader(
        Images(), batch_size=B, shuffle=True, drop_last=True, num_workers=2, persistent_workers=True
    )
    return (batch for _ in cycle([None]) for batch in loader)


def kornias(images: np.ndarray) -> Iterator[object]:
    import kornia.augmentation as K

    transform = torch.nn.Sequential(
        K.RandomResizedCrop((SIDE, SIDE), scale=(0.08, 1.0), cropping_mode="resample"),  # faster than "slice"
        K.RandomHorizontalFlip(),
        K.ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
        K.RandomGrayscale(p=0.2),
    )
    return (transform(torch.cat([b.inputs, b.inputs]).contiguous()) for b in loaded(images))


SOURCES = {"ours": ours(Augment()), "blurred": ours(Augment(blur=0.5)), "lightly": lightlys, "kornia": kornias}


def measured(which: str) -> float:
    """The same in a process of its own, so that nobody's threads or workers are in the others' way."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_views", which]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def rows() -> Iterator[Row]:
    """For the benchmark table."""
    rounds = [{which: measured(which) for which in SOURCES} for _ in range(ROUNDS)]
    median = {which: statistics.median(each[which] for each in rounds) for which in SOURCES}
    for peer, target in TARGETS.items():
        ratio = statistics.median(each["ours"] / each[peer] for each in rounds)
        yield Row(
            f"two SimCLR views at {SIDE}x{SIDE}, loader included",
            median["ours"],
            "views/s",
            median[peer],
            {"lightly": "lightly, DataLoader with 2 workers", "kornia": "kornia, batched"}[peer],
            ratio,
            f"at least {target}x",
            ratio >= target,
        )
    yield Row(f"two SimCLR views at {SIDE}x{SIDE} with blur", median["blurred"], "views/s")


if __name__ == "__main__":
    name = sys.argv[1]
    print(timed(SOURCES[name](photographs()), STEPS[name]))
