"""Edges: the size of the Sobel gradient in every channel.

One of the operations of SimCLR's figure 5 (arXiv:2002.05709), which gives no formula. The two 3x3 kernels are divided
by 4, so that a step from 0 to 1 gives 1; borders are repeated. Above 1, at corners, it is clamped.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.device_constants import constant
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op

SMOOTH, SLOPE = (0.25, 0.5, 0.25), (-1.0, 0.0, 1.0)


class Config(Op):
    """No parameters but p."""


def sobel(images: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """images: [B, C, H, W] -> the same shape, sqrt(gx^2 + gy^2)."""
    batch, channels, rows, columns = images.shape
    padded = F.pad(images.reshape(batch * channels, 1, rows, columns), (1, 1, 1, 1), mode="replicate")
    smooth, slope = (constant(kernel, images.device) for kernel in (SMOOTH, SLOPE))
    kernels = torch.stack([smooth[:, None] * slope, slope[:, None] * smooth])
    return F.conv2d(padded, kernels[:, None]).norm(dim=1).view(images.shape)
