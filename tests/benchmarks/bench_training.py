"""SimCLR training against lightly's: its transform, its loss, a DataLoader with 2 workers; the same net and images.

Both train in float32 on all cores of this machine, ResNet-18 of width 16 with the CIFAR stem, 32x32, B=256; views
are crop, flip, jitter and grey. The two alternate, and the median of their rounds is compared.
"""

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from probeline.data.parts import Dataset, Facts, Part
from probeline.methods.simclr import Config, SimCLR
from probeline.models.build import build_encoder
from probeline.spec.schema import Training
from probeline.training.checkpoints import Checkpoint
from probeline.training.loop import Loop
from torch import nn

from tests.benchmarks.row import Row

B, STEPS, ROUNDS, N = 256, 8, 3, 256 * 8
ENCODER = {"name": "resnet", "width": 16}
FACTS = Facts(digest="-", train_size=N, validation_size=2, test_size=2, classes=("a", "b"), shape=(32, 32, 3))


def photographs() -> np.ndarray:
    """Real images, N of 32x32x3 in uint8: the training crops of `photos`, repeated."""
    from probeline.data.store import open_dataset

    images = open_dataset({"name": "photos"}).train.inputs
    return np.resize(images, (N, *images.shape[1:]))


def ours(images: np.ndarray) -> float:
    """Images a second of Probeline's loop, one epoch of STEPS steps."""
    part = Part(images, np.zeros(N, dtype=np.int64))
    data = Dataset(train=part, validation=part, test=part, classes=("a",), digest="-")
    method = SimCLR(Config(), build_encoder(ENCODER, FACTS.shape).to(memory_format=torch.channels_last), FACTS)
    loop = Loop(method, data, Training(epochs=1, batch_size=B, lr=0.06), 0, torch.device("cpu"))
    start = time.perf_counter()
    list(loop.run(Checkpoint(Path("/nonexistent"), seconds=1e9)))
    return N / (time.perf_counter() - start)


class Lightly(nn.Module):
    """lightly's SimCLR as its documentation puts it together."""

    def __init__(self) -> None:
        super().__init__()
        from lightly.models.modules import SimCLRProjectionHead

        self.backbone = build_encoder(ENCODER, FACTS.shape)
        self.head = SimCLRProjectionHead(self.backbone.dim, self.backbone.dim, 128)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(x))


def lightlys(images: np.ndarray) -> float:
    """Images a second of lightly's, the same number of steps, its workers started before the clock."""
    from lightly.data import LightlyDataset
    from lightly.loss import NTXentLoss
    from lightly.transforms import SimCLRTransform
    from PIL import Image

    class Images(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return N

        def __getitem__(self, index: int) -> tuple[Image.Image, int]:
            return Image.fromarray(images[index]), 0

    data = LightlyDataset.from_torch_dataset(
        Images(), transform=SimCLRTransform(input_size=32, cj_strength=0.5, gaussian_blur=0.0)
    )
    loader = torch.utils.data.DataLoader(
        data, batch_size=B, shuffle=True, drop_last=True, num_workers=2, persistent_workers=True
    )
    model, loss = Lightly(), NTXentLoss(0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=1e-4)
    next(iter(loader))  # starts the workers
    start = time.perf_counter()
    for batch in islice(loader, STEPS):
        (a, b) = batch[0]
        value = loss(model(a), model(b))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return N / (time.perf_counter() - start)


def rows() -> Iterator[Row]:
    images = photographs()
    pairs = [(ours(images), lightlys(images)) for _ in range(ROUNDS + 1)][1:]
    mine, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    yield Row(
        "SimCLR training, ResNet-18 width 16, 32x32, B=256", mine, "images/s", theirs, "lightly", ratio,
        "at least 2x", ratio >= 2,
    )
