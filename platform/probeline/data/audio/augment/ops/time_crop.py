"""Time crop: a stretch of a waveform is taken, and repeated to the length of the whole.

Two crops of one clip are what contrastive methods on audio compare: Saeed, Grangier, Zeghidour: Contrastive Learning of
General-Purpose Audio Representations, ICASSP 2021, arXiv 2010.10915, section 2.
"""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, Probability, ascending

TAKES = ("waveform",)


class Config(Op):
    """The stretch has a share of the clip, uniform in the range, at a uniform place.

    Repeated, as views keep their length, and silence at the end would tell the share.
    """

    share: tuple[Probability, Probability] = Field((0.5, 0.9), description="Of the clip.")

    @model_validator(mode="after")
    def _range_ascends_from_above_zero(self) -> Self:
        ascending("share", self.share)
        if self.share[0] == 0:
            raise ValueError("share starts at 0: a stretch of nothing is no view; take 0.1 or more")
        return self


def time_crop(inputs: Tensor, config: Config, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
    """inputs: [B, T] -> the same shape: the stretch repeated to the clip's length."""
    steps = torch.arange(inputs.shape[1], device=inputs.device)
    total = torch.full_like(inputs[:, :1], inputs.shape[1]) if lengths is None else lengths[:, None].to(inputs.dtype)
    low, high = config.share
    size = (total * (rng.uniform(1, "share") * (high - low) + low)).long().clamp(min=1)
    start = (rng.uniform(1, "start") * (total - size + 1)).long()
    return inputs.gather(1, start + steps % size)
