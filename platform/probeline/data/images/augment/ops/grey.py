"""Drop the colour: every channel gets the luma (ITU-R BT.601).

SimCLR (arXiv:2002.05709), appendix A, calls it colour drop. Images without three channels stay as they are.
"""

from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.data.augment.settings import Op, Probability
from probeline.data.images.augment.colour import luma_weights
from probeline.data.images.augment.fused import LINEAR_MAPS
from probeline.data.images.augment.settings import no_colour

FUSED_BY = LINEAR_MAPS


class Config(Op):
    """For a fifth of the samples, as in SimCLR."""

    p: Probability = Field(0.2, description="Probability that a sample gets it.")

    def without_effect(self, sample: SampleSpec) -> dict[str, str]:
        """Grey of images without colour."""
        reason = no_colour(sample)
        return {"": reason} if reason and self.p else {}


def grey(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape."""
    if images.shape[1] != 3:
        return images
    luma = (images * luma_weights(3, images.device)[:, None, None]).sum(1, keepdim=True)
    return luma.expand_as(images)
