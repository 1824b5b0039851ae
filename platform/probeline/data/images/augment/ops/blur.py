"""Gaussian blur with a random width.

SimCLR (arXiv:2002.05709), appendix A: the kernel is 10% of the side, sigma uniform in [0.1, 2] pixels. The borders are
reflected, as torchvision does. A kernel below three pixels, at sides below 20, blurs nothing.
"""

from typing import Annotated, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.data.augment.settings import Op, Probability, ascending
from probeline.data.images.augment import resampling
from probeline.data.images.augment.fused import LINEAR_MAPS
from probeline.data.images.augment.settings import blur_radius, blurs_nothing

FUSED_BY = LINEAR_MAPS


class Config(Op):
    """Defaults are SimCLR's on ImageNet."""

    p: Probability = Field(0.5, description="Probability that a sample gets it.")
    sigma: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = Field(
        (0.1, 2.0), description="Range of the Gaussian's standard deviation in pixels."
    )
    kernel: float = Field(0.1, gt=0, le=1, description="Width of the kernel as a share of the shorter side.")

    def without_effect(self, sample: SampleSpec) -> dict[str, str]:
        """A blur of images too small for its kernel."""
        reason = blurs_nothing(sample, self.kernel)
        return {"": reason} if reason and self.p else {}

    @model_validator(mode="after")
    def _range_ascends(self) -> Self:
        ascending("sigma", self.sigma)
        return self


def blur(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape."""
    radius = blur_radius(min(images.shape[2:]), config.kernel)
    if radius == 0:
        return images
    low, high = config.sigma
    sigma = low + (high - low) * rng.uniform(1)[:, 0]
    down, across = (resampling.blur_matrix(sigma, side, radius) for side in images.shape[2:])
    return torch.einsum("bih,bchw,bjw->bcij", down, images, across)
