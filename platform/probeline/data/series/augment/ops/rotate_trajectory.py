"""Rotate a trajectory in the plane of two of its columns, about its mean.

T. T. Um et al., ICMI 2017, arXiv:1706.00527, section 3 (rotation); theirs is of a sensor, by any angle.
"""

import math

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op
from probeline.data.series.augment.positions import mean_and_std, real_lengths
from probeline.data.series.augment.settings import Column, check_columns

TAKES = ("series",)


class Config(Op):
    """As far as people tilt what they write."""

    degrees: float = Field(15.0, ge=0, le=180, description="The largest angle, either way.")
    columns: tuple[Column, Column] = Field((0, 1), description="The columns of the plane, x and y.")


def rotate_trajectory(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T, F] -> the same shape; from x to y. Raises UserError for a column that is not there."""
    check_columns("rotate_trajectory: columns", config.columns, inputs.shape[2])
    columns = list(config.columns)
    angles = (2 * rng.uniform(1)[:, 0] - 1) * math.radians(config.degrees)
    middle, _ = mean_and_std(inputs[:, :, columns], real_lengths(inputs, lengths))
    turned = inputs.clone()
    turned[:, :, columns] = middle + (inputs[:, :, columns] - middle) @ rotations(angles)
    return turned


def rotations(angles: Tensor) -> Tensor:
    """[B] radians -> [B, 2, 2], what rows (x, y) are multiplied by from the right to turn from x to y."""
    cos, sin = angles.cos(), angles.sin()
    return torch.stack([cos, sin, -sin, cos], dim=1).view(-1, 2, 2)
