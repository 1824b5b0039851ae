"""Band mask: a band of frequencies is filtered out of a waveform.

Kharitonov et al.: Data Augmenting Contrastive Learning of Speech Representations in the Time Domain, SLT 2021, arXiv
2007.00991, section 3 (band reject); after SpecAugment's frequency mask. The filter is a windowed sinc of 129 taps.
"""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.audio.augment.filters import filtered
from probeline.data.augment.settings import Op, Probability, ascending
from probeline.data.augment.steps import without_padding

TAKES = ("waveform",)
HALF = 64
"""Taps on each side of the filter's middle."""


class Config(Op):
    """A band is a share of all frequencies up to half the rate, uniform in the range, at a uniform place."""

    share: tuple[Probability, Probability] = Field((0.05, 0.2), description="Of all frequencies.")

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        ascending("share", self.share)
        return self


def band_mask(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T] -> the same shape."""
    low, high = config.share
    width = rng.uniform(1, "width") * (high - low) + low
    start = rng.uniform(1, "start") * (1 - width)
    taps = torch.arange(-HALF, HALF + 1, device=inputs.device, dtype=inputs.dtype)
    window = torch.hann_window(2 * HALF + 3, periodic=False, device=inputs.device, dtype=inputs.dtype)[1:-1]
    band = (_low_pass(start + width, taps) - _low_pass(start, taps)) * window
    return inputs - filtered(without_padding(inputs, lengths), band, delay=HALF)


def _low_pass(cut_off: Tensor, taps: Tensor) -> Tensor:
    """[B, taps] of an ideal low pass; cut_off: [B, 1], 1 is half the rate."""
    return cut_off * torch.special.sinc(cut_off * taps)
