"""Invert the values above a threshold.

One of the operations of BYOL's views (J.-B. Grill et al., "Bootstrap Your Own Latent", arXiv:2006.07733, appendix B),
there with p = 0.2 on the second view only.
"""

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, Probability


class Config(Op):
    """Defaults are BYOL's for its second view."""

    p: Probability = Field(0.2, description="Probability that a sample gets it.")
    threshold: float = Field(0.5, ge=0, le=1, description="Values from here on are inverted.")


def solarize(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape; a value x at or above the threshold becomes 1 - x."""
    return torch.where(images >= config.threshold, 1 - images, images)
