"""Colour jitter: brightness, contrast, saturation and hue at once, as `data/images/augment/colour.py` has it.

SimCLR (arXiv:2002.05709), appendix A. With `grey` it is the paper's colour distortion. Images without three channels
have no colour: brightness and contrast act on them.
"""

from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.data.augment.settings import Op, Probability
from probeline.data.images.augment import colour as maps
from probeline.data.images.augment.fused import LINEAR_MAPS
from probeline.data.images.augment.settings import no_colour

FUSED_BY = LINEAR_MAPS


class Config(Op):
    """Defaults are SimCLR's; strength s is 1 on ImageNet, 0.5 on CIFAR (appendices A, B.9)."""

    p: Probability = Field(0.8, description="Probability that a sample gets it.")
    strength: float = Field(0.5, ge=0, le=2.5, description="s, which the four ranges below are multiplied by.")
    brightness: float = Field(0.8, ge=0)
    contrast: float = Field(0.8, ge=0)
    saturation: float = Field(0.8, ge=0)
    hue: float = Field(0.2, ge=0, le=0.5, description="In turns.")

    def without_effect(self, sample: SampleSpec) -> dict[str, str]:
        """Saturation and hue of images without colour."""
        reason = no_colour(sample)
        return {name: reason for name in ("saturation", "hue") if reason and getattr(self, name)}


def colour(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape; values may leave [0, 1]."""
    factors = maps.sample(rng.uniform(maps.DRAWS), config)
    return maps.toned(images, factors)
