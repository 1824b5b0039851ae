"""Resample: a series as it would be at a lower rate, read back at its own.

Even steps, fewer than there are, are read and the series is drawn straight between them: a tablet or a sensor that is
slower.
"""

from typing import Annotated, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, ascending
from probeline.data.series.augment.positions import read_at, real_lengths, steps_within

TAKES = ("series",)
Share = Annotated[float, Field(gt=0, le=1)]


class Config(Op):
    """Down to half the rate."""

    rate: tuple[Share, Share] = Field((0.5, 1.0), description="Range of the rate's share of the series' own.")

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        ascending("rate", self.rate)
        return self


def resample_time(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T, F] -> the same shape."""
    low, high = config.rate
    rates = rng.uniform(1)[:, 0] * (high - low) + low
    return resampled(inputs, rates, real_lengths(inputs, lengths))


def resampled(inputs: Tensor, rates: Tensor, lengths: Tensor) -> Tensor:
    """inputs: [B, T, F], rates: [B] in shares -> [B, T, F]; a sample keeps at least its first and its last step."""
    steps = inputs.shape[1]
    last = (lengths - 1).clamp_min(0)
    coarse = (last * rates).round().clamp_min(1)  # the last step of the slower series
    counts = torch.arange(steps, device=inputs.device).expand(len(inputs), -1)
    slow = read_at(inputs, torch.minimum(counts / coarse[:, None], coarse.new_ones(1)) * last[:, None])
    return read_at(slow, steps_within(lengths, steps) / last.clamp_min(1)[:, None] * coarse[:, None])
