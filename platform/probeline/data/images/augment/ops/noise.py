"""Add Gaussian noise to every value.

One of the operations of SimCLR's figure 5 (arXiv:2002.05709), which gives no width; 0.1 is torchvision's default.
"""

import math

from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op


class Config(Op):
    """Values run from 0 to 1."""

    std: float = Field(0.1, ge=0, description="Standard deviation.")


def noise(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape; values may leave [0, 1]."""
    return images + config.std * rng.normal(math.prod(images.shape[1:])).view(images.shape)
