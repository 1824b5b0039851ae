"""Random crop boxes, all samples at once: the distribution of torchvision's RandomResizedCrop.

C. Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, arXiv:1409.4842, section 6.
"""

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from probeline.core.device_constants import constant

ATTEMPTS = 10
DRAWS = 2 * ATTEMPTS + 2  # uniform numbers that a box takes


@dataclass(frozen=True)
class Boxes:
    """Crops in whole pixels, held as float. top, left, height, width: [B]."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor

    @classmethod
    def whole(cls, count: int, size: tuple[int, int], device: torch.device) -> "Boxes":
        """All of `count` images of `size` (H, W)."""
        return cls(*constant((0.0, 0.0, float(size[0]), float(size[1])), device)[:, None].expand(4, count))

    def where(self, chosen: Tensor, other: "Boxes") -> "Boxes":
        """These boxes for the chosen samples, [B] bool, and the other's for the rest."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Boxes(*(torch.where(chosen, mine, its) for mine, its in pairs))


def sample(uniform: Tensor, size: tuple[int, int], scale: tuple[float, float], ratio: tuple[float, float]) -> Boxes:
    """uniform: [B, DRAWS] in [0, 1) -> boxes inside an image of `size` (H, W).

    Area uniform in `scale`, aspect ratio log-uniform in `ratio`, rounded to pixels; the first of ten attempts that
    fits, else the largest centred box of an allowed ratio. Both axes are worked on together.
    """
    rows, columns = size
    sides = constant((float(rows), float(columns)), uniform.device)[:, None]
    areas, ratios, position = uniform.split([ATTEMPTS, ATTEMPTS, 2], dim=1)
    area = (scale[0] + (scale[1] - scale[0]) * areas) * (rows * columns)
    log_low, log_high = math.log(ratio[0]), math.log(ratio[1])
    root = torch.exp((log_low + (log_high - log_low) * ratios) / 2)
    side = area.sqrt()
    lengths = torch.stack([side / root, side * root]).round_()  # heights and widths, [2, B, ATTEMPTS]
    fits = ((lengths > 0) & (lengths <= sides[:, :, None])).all(0)
    first = fits.to(torch.uint8).argmax(1, keepdim=True)
    length = lengths.gather(2, first.expand(2, -1, 1))[:, :, 0]
    start = _position(position.T, sides - length)
    central = constant(_central(rows, columns, ratio), uniform.device)[:, None]
    return Boxes(*torch.where(fits.any(1), torch.cat([start, length]), central))


def _position(uniform: Tensor, room: Tensor) -> Tensor:
    """A whole number in 0..room; the minimum guards against rounding up of u (room + 1)."""
    return torch.minimum((uniform * (room + 1)).floor(), room)


def _central(rows: int, columns: int, ratio: tuple[float, float]) -> tuple[float, float, float, float]:
    """Top, left, height and width of the largest centred box of an allowed ratio."""
    height, width = rows, columns
    if columns / rows < ratio[0]:
        height = min(rows, round(columns / ratio[0]))
    elif columns / rows > ratio[1]:
        width = min(columns, round(rows * ratio[1]))
    return float((rows - height) // 2), float((columns - width) // 2), float(height), float(width)
