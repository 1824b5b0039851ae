"""Gain: a waveform gets louder or softer."""

import math
from typing import Self

from pydantic import model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, ascending

TAKES = ("waveform",)


class Config(Op):
    """Uniform in decibels; what is then beyond full scale stays so, as nothing is clipped."""

    decibels: tuple[float, float] = (-6.0, 6.0)

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        ascending("decibels", self.decibels)
        return self


def gain(inputs: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """inputs: [B, T] -> the same shape."""
    low, high = config.decibels
    return inputs * ((rng.uniform(1) * (high - low) + low) * (math.log(10) / 20)).exp()
