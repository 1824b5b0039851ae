"""Affine: small rotations, shears, scalings and shifts, each for half of the samples.

G. Koch, R. Zemel, R. Salakhutdinov, "Siamese Neural Networks for One-shot Image Recognition", ICML workshop 2015,
section 4.3: an angle of 10 degrees either way, shears of 0.3, scales from 0.8 to 1.2, shifts of 2 pixels (of 105), for
x and y apart; each of the seven is included with probability 0.5.
"""

import math
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, Probability, ascending

Factor = Annotated[float, Field(gt=0)]


class Config(Op):
    """Defaults are the paper's. Shifts are in shares of a side, so that they fit images of every size."""

    degrees: float = Field(10.0, ge=0, le=180, description="The largest angle, either way.")
    shear: float = Field(0.3, ge=0, description="The largest shear along each axis, either way.")
    scale: tuple[Factor, Factor] = Field((0.8, 1.2), description="Range of the factor along each axis.")
    shift: float = Field(2 / 105, ge=0, le=1, description="The largest shift along each axis, in shares of it.")
    each: Probability = Field(0.5, description="Probability of each of the seven parts of the map.")
    outside: Literal["edge", "black", "white"] = Field("edge", description="What is seen beyond the image.")

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        ascending("scale", self.scale)
        return self


def affine(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape."""
    included = rng.uniform(7, "included") < config.each
    seven = (2 * rng.uniform(7) - 1) * included
    middle, half = sum(config.scale) / 2, (config.scale[1] - config.scale[0]) / 2
    scales = torch.where(included[:, 3:5], middle + half * seven[:, 3:5], 1.0)
    maps = linear_maps(seven[:, 0] * math.radians(config.degrees), seven[:, 1:3] * config.shear, scales)
    size = seven.new_tensor([images.shape[3], images.shape[2]])
    shifts = seven[:, 5:7] * config.shift * size
    if config.outside == "white":
        return 1 - moved(1 - images, maps, shifts, "zeros")
    return moved(images, maps, shifts, "border" if config.outside == "edge" else "zeros")


def linear_maps(angles: Tensor, shears: Tensor, scales: Tensor) -> Tensor:
    """angles: [B] radians; shears, scales: [B, 2] along x and y -> [B, 2, 2] of columns (x, y).

    Scaled, then sheared, then turned.
    """
    cos, sin = angles.cos(), angles.sin()
    turn = torch.stack([cos, -sin, sin, cos], dim=1).view(-1, 2, 2)
    one = torch.ones_like(angles)
    shear = torch.stack([one, shears[:, 0], shears[:, 1], one], dim=1).view(-1, 2, 2)
    return turn @ shear @ torch.diag_embed(scales)


def moved(images: Tensor, maps: Tensor, shifts: Tensor, padding: str) -> Tensor:
    """images: [B, C, H, W] under x -> maps x + shifts about the middle, bilinear; shifts: [B, 2] in pixels, (x, y)."""
    height, width = images.shape[2:]
    size = maps.new_tensor([width, height])
    rows, columns = (torch.arange(side, device=images.device) - (side - 1) / 2 for side in (height, width))
    pixels = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1).view(1, -1, 2)
    sources = (pixels - shifts[:, None]) @ inverses(maps).transpose(1, 2)
    grid = (2 * sources / size).view(-1, height, width, 2)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def inverses(maps: Tensor) -> Tensor:
    """[B, 2, 2] -> their inverses, in closed form, so that no device waits."""
    (a, b), (c, d) = (row.unbind(1) for row in maps.unbind(1))
    return torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2) / (a * d - b * c)[:, None, None]
