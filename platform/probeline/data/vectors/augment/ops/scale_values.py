"""Scale values: every value of a vector is multiplied by a number of its own near 1."""

from pydantic import Field
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op

TAKES = ("vector",)


class Config(Op):
    """A share of the value, so that columns may have different units."""

    sigma: float = Field(0.1, ge=0, description="Standard deviation of the factor, whose mean is 1.")


def scale_values(inputs: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """inputs: [B, F] -> the same shape."""
    return inputs * (1 + config.sigma * rng.normal(inputs.shape[1]))
