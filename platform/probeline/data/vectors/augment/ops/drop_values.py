"""Drop values: some values of a vector become 0, as dropout of the inputs does.

P. Vincent et al., "Extracting and Composing Robust Features with Denoising Autoencoders", ICML 2008, section 2.3
(masking noise). The values that stay are not scaled up.
"""

from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op

TAKES = ("vector",)


class Config(Op):
    """0 is the mean of a column where the data set is standardised."""

    share: float = Field(0.2, ge=0, le=1, description="Probability of each value to be dropped.")


def drop_values(inputs: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """inputs: [B, F] -> the same shape."""
    return inputs * (rng.uniform(inputs.shape[1]) >= config.share)
