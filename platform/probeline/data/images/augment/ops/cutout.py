"""Cutout: paint over a random box.

T. DeVries, G. W. Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", arXiv:1708.04552.
Theirs is a square of fixed side, 16 of 32 pixels on CIFAR-10 (`scale: [0.25, 0.25], ratio: [1, 1]`), whose centre may
lie so that a part falls outside; here the whole box lies inside, and its area and ratio are drawn as in torchvision's
RandomErasing, whose defaults these are.
"""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, ascending
from probeline.data.images.augment import boxes
from probeline.data.images.augment.settings import Area, Ratio


class Config(Op):
    """Defaults are RandomErasing's, but for `p`."""

    scale: tuple[Area, Area] = Field((0.02, 0.33), description="Range of the box's share of the image's area.")
    ratio: tuple[Ratio, Ratio] = Field((0.3, 3.3), description="Range of the box's width over its height.")
    fill: float = Field(0.0, ge=0, le=1, description="The value that covers the box, in every channel.")

    @model_validator(mode="after")
    def _ranges_ascend(self) -> Self:
        ascending("scale", self.scale)
        ascending("ratio", self.ratio)
        return self


def cutout(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape."""
    rows, columns = images.shape[2:]
    box = boxes.sample(rng.uniform(boxes.DRAWS), (rows, columns), config.scale, config.ratio)
    inside = _within(box.top, box.height, rows)[:, :, None] & _within(box.left, box.width, columns)[:, None, :]
    return images.masked_fill(inside[:, None], config.fill)


def _within(start: Tensor, length: Tensor, side: int) -> Tensor:
    """[B, side]: which pixels of an axis lie in the stretch."""
    pixel = torch.arange(side, device=start.device)
    return (pixel >= start[:, None]) & (pixel < (start + length)[:, None])
