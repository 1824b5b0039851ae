"""Pictures of what a generative method makes: test images above their reconstructions, and samples.

No label is read.
"""

from collections.abc import Iterator
from itertools import islice
from math import inf
from pathlib import Path
from typing import Protocol as Structure
from typing import runtime_checkable

import torch
from PIL import Image
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import FrozenMethod
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("image",)
METRICS = {"mean_squared_error": Metric("reconstruction error", direction="lower", bounds=(0.0, inf), digits=4)}
PRIMARY = "mean_squared_error"


class Config(Settings):
    """How much is drawn; the images are the first of the test part in an order of the trial's seed."""

    columns: int = Field(12, ge=1, description="Pictures in a row.")
    rows: int = Field(4, ge=1, description="Rows of reconstructions, each a pair, and twice as many of samples.")
    scale: int = Field(3, ge=1, description="Screen pixels for a pixel.")


@runtime_checkable
class Reconstructs(Structure):
    """A method that draws images again."""

    def reconstruct(self, images: Tensor) -> Tensor:
        """images [B, C, H, W] in [0, 1] -> likewise."""


@runtime_checkable
class GeneratesSamples(Structure):
    """A method that draws images of its own."""

    def sample(self, rng: SampleRNG) -> Tensor:
        """[len(draws), C, H, W] in [0, 1]."""


class Generations(Protocol[Config]):
    """Two PNG files, and the reconstructions' mean squared error on what is shown."""

    @torch.no_grad()
    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        method, count = data.subject.method, self.config.columns * self.config.rows
        if not isinstance(method, Reconstructs | GeneratesSamples):
            name = type(method).__name__
            raise NotApplicable(f"pictures are for methods that make images, such as vae and vqvae; {name} does not")
        if isinstance(method, Reconstructs):
            images = _images(data.subject, count)
            reconstructions = method.reconstruct(images)
            yield Record("mean_squared_error", float((reconstructions - images).square().mean()))
            pairs = zip(self._lines(images), self._lines(reconstructions), strict=True)
            yield self._write([line for pair in pairs for line in pair], folder / "reconstructions.png")
        if isinstance(method, GeneratesSamples):
            rows = torch.arange(2 * count, device=data.subject.device)
            yield self._write(self._lines(method.sample(SampleRNG(data.subject.seed, 0, rows))), folder / "samples.png")

    def _lines(self, images: Tensor) -> list[Tensor]:
        return list(images.cpu().split(self.config.columns))

    def _write(self, lines: list[Tensor], path: Path) -> Artifact:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(sheet(lines).squeeze(-1).numpy())
        picture.resize([self.config.scale * side for side in picture.size], Image.Resampling.NEAREST).save(path)
        return Artifact(path.name, path)


def _images(subject: FrozenMethod, count: int) -> Tensor:
    """`count` test images, or as many as there are."""
    batches = islice(subject.batches("test", count, shuffle=True), 1)
    return next(batches).inputs


def sheet(lines: list[Tensor]) -> Tensor:
    """Lines of images [K, C, H, W] in [0, 1] -> one picture, uint8 [height, width, C], a white pixel between images.

    Grey images stay grey; of more than three channels the first three are shown, of two the first.
    """
    channels, height, width = lines[0].shape[1:]
    shown = 3 if channels >= 3 else 1
    columns = max(len(line) for line in lines)
    picture = torch.full((len(lines) * (height + 1) - 1, columns * (width + 1) - 1, shown), 255, dtype=torch.uint8)
    for row, line in enumerate(lines):
        for column, image in enumerate(line):
            y, x = row * (height + 1), column * (width + 1)
            pixels = (image[:shown].float() * 255).round().clamp(0, 255).to(torch.uint8)
            picture[y : y + height, x : x + width] = pixels.permute(1, 2, 0)
    return picture
