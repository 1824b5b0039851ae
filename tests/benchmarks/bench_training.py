"""SimCLR training against lightly's: its transform, its loss, a DataLoader with 2 workers; the same net and images.

Both train in float32 on all cores of this machine, ResNet-18 of width 16 with the CIFAR stem, 32x32, B=256; views
are crop, flip, jitter and grey. The two alternate, a fresh process each, and the median of their rounds is compared.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from helpers.datasets import dataset_of
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.data.loader import batches
from probeline.experiment.schema import Training
from probeline.methods.contrastive.simclr import Config, SimCLR
from probeline.models.build import build_encoder
from probeline.training.checkpoints import Checkpoint
from probeline.training.loop import Loop
from probeline.training.memory import keep_freed_memory
from torch import nn

from tests.benchmarks.row import Row

B, STEPS, ROUNDS, N = 256, 8, 3, 256 * 8
ENCODER = {"name": "resnet", "width": 16}
FACTS = DatasetInfo(
    digest="-", train_size=N, validation_size=2, test_size=2, classes=("a", "b"), sample=image(32, 32, 3)
)


def photographs() -> np.ndarray:
    """Real images, N of 32x32x3 in uint8: the training crops of `photos`, repeated."""
    from probeline.data.store import open_dataset

    images = open_dataset({"name": "photos"}).train.inputs
    return np.resize(images, (N, *images.shape[1:]))


def ours(images: np.ndarray) -> float:
    """Images a second of Probeline's loop, one epoch of STEPS steps after a short one."""
    keep_freed_memory()
    part = Split(images, np.zeros(N, dtype=np.int64))
    data = dataset_of(part, part, part, ("a",))
    method = SimCLR(Config(), build_encoder(ENCODER, FACTS.sample).to(memory_format=torch.channels_last), FACTS)
    loop = Loop(method, data, Training(epochs=1, batch_size=B, lr=0.06), 0, torch.device("cpu"))
    first = next(batches(part, B, seed=0, epoch=1, device="cpu"))
    loop.method(loop.method.views(first, SampleRNG(0, 1, first.index))).z.sum().backward()
    start = time.perf_counter()
    list(loop.run(Checkpoint(Path("/nonexistent"), seconds=1e9)))
    return N / (time.perf_counter() - start)


class Lightly(nn.Module):
    """lightly's SimCLR as its documentation puts it together."""

    def __init__(self) -> None:
        super().__init__()
        from lightly.models.modules import SimCLRProjectionHead

        self.backbone = build_encoder(ENCODER, FACTS.sample)
        self.head = SimCLRProjectionHead(self.backbone.dim, self.backbone.dim, 128)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(x).h)


def lightlys(images: np.ndarray) -> float:
    """Images a second of lightly's, the same number of steps, its workers started before the clock."""
    from lightly.loss import NTXentLoss
    from lightly.transforms import SimCLRTransform
    from PIL import Image

    transform = SimCLRTransform(input_size=32, cj_strength=0.5, gaussian_blur=0.0)

    class Images(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return N

        def __getitem__(self, index: int) -> list[torch.Tensor]:
            return transform(Image.fromarray(images[index]))

    loader = torch.utils.data.DataLoader(
        Images(), batch_size=B, shuffle=True, drop_last=True, num_workers=2, persistent_workers=True
    )
    model, loss = Lightly(), NTXentLoss(0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=1e-4)
    a, b = next(iter(loader))  # starts the workers
    loss(model(a), model(b)).backward()
    start = time.perf_counter()
    for a, b in islice(loader, STEPS):
        value = loss(model(a), model(b))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return N / (time.perf_counter() - start)


def measured(which: str) -> float:
    """The same in a process of its own, so that neither's memory or threads are in the other's way."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_training", which]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1])


def rows() -> Iterator[Row]:
    pairs = [(measured("ours"), measured("lightly")) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    yield Row(
        "SimCLR training, ResNet-18 width 16, 32x32, B=256",
        mine,
        "images/s",
        theirs,
        "lightly",
        ratio,
        "at least 2x",
        ratio >= 2,
    )


if __name__ == "__main__":
    print({"ours": ours, "lightly": lightlys}[sys.argv[1]](photographs()))
