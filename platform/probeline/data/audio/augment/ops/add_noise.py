"""Noise at a ratio: white noise is added to a waveform, so many decibels below it."""

from typing import Self

from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.noise import noise_like
from probeline.data.augment.settings import Op, ascending
from probeline.data.augment.steps import without_padding

TAKES = ("waveform",)


class Config(Op):
    """`decibels`: the signal-to-noise ratio, uniform; the power of the signal is the mean over the clip."""

    decibels: tuple[float, float] = Field((10.0, 30.0), description="Range of the ratio; lower is noisier.")

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        ascending("decibels", self.decibels)
        return self


def add_noise(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T] -> the same shape; silence stays silence."""
    low, high = config.decibels
    count = inputs.shape[1] if lengths is None else lengths[:, None].clamp(min=1)
    power = without_padding(inputs, lengths).square().sum(1, keepdim=True) / count
    ratio = 10 ** ((rng.uniform(1, "ratio") * (high - low) + low) / 10)
    return inputs + noise_like(inputs, rng) * (power / ratio).sqrt()
