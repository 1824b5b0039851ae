"""Gaussian noise for samples of varying length: a value's noise does not depend on how far the batch is padded."""

import math

import torch
from torch import Tensor

from probeline.core.sample_rng import SampleRNG


def noise_like(inputs: Tensor, rng: SampleRNG) -> Tensor:
    """float32 in the shape of inputs [B, T] or [B, T, F]: mean 0, variance 1; a step's does not depend on T.

    By Box and Muller from two streams, of which `SampleRNG.normal` splits one in the middle.
    """
    count = math.prod(inputs.shape[1:])
    radius = torch.log1p(-rng.uniform(count, "noise radius")).mul_(-2).sqrt_()
    return (rng.uniform(count, "noise angle").mul_(2 * math.pi).cos_() * radius).view(inputs.shape)
