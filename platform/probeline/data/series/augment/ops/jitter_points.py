"""Jitter: every value of a series moves a little.

T. T. Um et al., ICMI 2017, arXiv:1706.00527, section 3 (jittering); theirs has sigma 0.05 on normalised signals, which
makes a pen tremble.
"""

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.noise import noise_like
from probeline.data.augment.settings import Op
from probeline.data.series.augment.positions import mean_and_std, real_lengths, states
from probeline.data.series.augment.settings import Column, check_columns

TAKES = ("series",)


class Config(Op):
    """In the spread of each column over the sample, so that the unit does not matter."""

    sigma: float = Field(0.02, ge=0, description="Standard deviation, in that of a column over the sample's steps.")
    columns: tuple[Column, ...] | None = Field(None, description="Only these columns; null: all.")


def jitter_points(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T, F] -> the same shape. Raises UserError for a column that is not there."""
    width = inputs.shape[2]
    columns = list(range(width)) if config.columns is None else list(config.columns)
    check_columns("jitter_points: columns", columns, width)
    _, spread = mean_and_std(inputs[:, :, columns], real_lengths(inputs, lengths))
    moved = inputs.clone()
    moved[:, :, columns] += config.sigma * spread * noise_like(inputs, rng)[:, :, columns]
    return torch.where(states(inputs), inputs, moved)
