"""Time mask: stretches of a waveform are silenced.

After Park et al.: SpecAugment, Interspeech 2019, arXiv 1904.08779, section 2, which masks steps of log-mels.
"""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, Probability, ascending

TAKES = ("waveform",)


class Config(Op):
    """Each stretch has a share of the clip, uniform in the range, at a place that is uniform too."""

    stretches: int = Field(2, ge=1)
    share: tuple[Probability, Probability] = Field((0.0, 0.15), description="Of the clip, of one stretch.")

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        ascending("share", self.share)
        return self


def time_mask(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T] -> the same shape."""
    steps = torch.arange(inputs.shape[1], device=inputs.device)
    total = torch.full_like(inputs[:, :1], inputs.shape[1]) if lengths is None else lengths[:, None].to(inputs.dtype)
    low, high = config.share
    size = total * (rng.uniform(config.stretches, "share") * (high - low) + low)
    start = rng.uniform(config.stretches, "start") * (total - size)
    inside = (steps >= start[..., None]) & (steps < (start + size)[..., None])
    return inputs.masked_fill(inside.any(1), 0)
