"""A vector as a picture: a bar for each value, up from the middle where it is positive and down where it is not."""

import torch
from torch import Tensor
from torch.nn import functional as F

SIDE = 64
"""Pixels of the picture's side."""


def render(values: Tensor) -> Tensor:
    """values: [F] -> [1, SIDE, SIDE] in [0, 1]; the largest absolute value fills half of the height.

    Bars are as high as asinh of the values, so that columns of smaller units are seen beside those of larger ones.
    """
    sizes = values.detach().cpu().float().asinh()
    sizes = sizes / sizes.abs().max().clamp_min(1e-12) if len(sizes) else torch.zeros(1)
    heights = (1 - 2 * (torch.arange(SIDE) + 0.5) / SIDE)[:, None]  # from 1 at the top to -1
    bars = torch.where(sizes >= 0, (heights > 0) & (heights <= sizes), (heights < 0) & (heights >= sizes))
    return 1 - F.interpolate(bars.float()[None, None], (SIDE, SIDE), mode="nearest-exact")[0]
