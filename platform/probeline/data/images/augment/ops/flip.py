"""Mirror an image, left to right or top to bottom."""

from typing import Literal

from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, Probability
from probeline.data.images.augment.fused import LINEAR_MAPS

FUSED_BY = LINEAR_MAPS


class Config(Op):
    """Left to right for half of the samples, as in SimCLR, appendix A."""

    p: Probability = Field(0.5, description="Probability that a sample gets it.")
    axis: Literal["horizontal", "vertical"] = "horizontal"


def flip(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> every one mirrored."""
    return images.flip(3 if config.axis == "horizontal" else 2)
