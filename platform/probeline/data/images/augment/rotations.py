"""Every image turned by several angles: quarter turns exact, eighths interpolated.

S. Gidaris, P. Singh, N. Komodakis, "Unsupervised Representation Learning by Predicting Image Rotations", ICLR 2018,
arXiv:1803.07728, section 3.1 and table 2.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.device_constants import constant


def turns(images: Tensor, angles: Sequence[int]) -> tuple[Tensor, Tensor]:
    """images: [B, C, H, W] -> turned images [K * B, C, H, W], channels_last, and labels [K * B].

    `angles`: K multiples of 45 degrees, counter-clockwise. Row k B + i is image i turned by angles[k], its label k.

    Where all are multiples of 90 they are flips and transposes, without interpolation. Where one is not, all copies
    show the square inside the image that every turn leaves whole, at the image's size: neither black corners nor
    blur may tell an eighth from a quarter.

    Raises:
        ValueError: images are not square, and an angle is neither 0 nor 180.
    """
    if images.shape[2] != images.shape[3] and any(angle % 180 for angle in angles):
        raise ValueError(f"images are {tuple(images.shape[2:])}: only half turns keep the shape of what is not square")
    if any(angle % 90 for angle in angles):
        turned = [resampled(images, angle, math.sqrt(2)) for angle in angles]
    else:
        turned = [torch.rot90(images, angle // 90, (2, 3)) for angle in angles]
    labels = torch.arange(len(angles), device=images.device).repeat_interleave(len(images))
    return torch.cat(turned).contiguous(memory_format=torch.channels_last), labels


def resampled(images: Tensor, angle: float, zoom: float) -> Tensor:
    """images: [B, C, S, S] turned counter-clockwise by `angle` degrees and enlarged about the centre, bilinear."""
    cos, sin = (f(math.radians(angle)) / zoom for f in (math.cos, math.sin))
    matrix = constant(((cos, -sin, 0.0), (sin, cos, 0.0)), images.device, images.dtype).expand(len(images), 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
