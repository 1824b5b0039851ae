"""Time warp: parts of a series pass faster or slower, its ends and its length stay.

T. T. Um et al., "Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional
Neural Networks", ICMI 2017, arXiv:1706.00527, section 3 (time-warping by a smooth curve). Theirs is a cubic spline
through knots of N(1, 0.2); here the speed is the exponential of a line through normal knots, which is never negative.
"""

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op
from probeline.data.series.augment.positions import read_at, real_lengths, steps_within

TAKES = ("series",)


class Config(Op):
    """Four knots of 0.2, as in the paper's code."""

    sigma: float = Field(0.2, ge=0, description="Standard deviation of the logarithm of the speed at a knot.")
    knots: int = Field(4, ge=2, description="Evenly over the series, its ends included.")


def time_warp(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T, F] -> the same shape."""
    speeds = (rng.normal(config.knots) * config.sigma).exp()
    return read_at(inputs, warped(speeds, real_lengths(inputs, lengths), inputs.shape[1]))


def warped(speeds: Tensor, lengths: Tensor, steps: int) -> Tensor:
    """speeds: [B, K] at knots; lengths: [B] -> [B, steps], the positions that are read, from 0 to the last step.

    A step's speed is that of its middle; beyond a sample's end its last position is repeated.
    """
    last = (lengths - 1).clamp_min(1)[:, None]
    middles = (torch.arange(1, steps, device=speeds.device) - 0.5) / last * (speeds.shape[1] - 1)
    own = read_at(speeds[:, :, None], middles.clamp_max(speeds.shape[1] - 1))[:, :, 0]
    passed = torch.cat([torch.zeros_like(speeds[:, :1]), own.cumsum(1)], dim=1)
    at = steps_within(lengths, steps)
    return passed.gather(1, at) / passed.gather(1, at[:, -1:]).clamp_min(1e-12) * at[:, -1:]
