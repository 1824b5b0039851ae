"""A convolutional decoder: from a small grid of vectors to a distribution over the pixels of an image."""

import math
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from probeline.models.likelihood import discretised_logistic, levels

START_LOG_SCALE = -2.0
"""Of the logistic before training: a deviation of about a quarter of the range, that of photographs."""


class Pixels(NamedTuple):
    """A discretised logistic for every value of images. mean (in -1..1), log_scale: [B, C, H, W]."""

    mean: Tensor
    log_scale: Tensor

    def log_probability(self, images: Tensor) -> Tensor:
        """[B], nats, of images [B, C, H, W] in [0, 1], read as their nearest 8-bit levels."""
        return discretised_logistic(levels(images), self.mean, self.log_scale).flatten(1).sum(1)

    def images(self) -> Tensor:
        """The means as images [B, C, H, W] in [0, 1]."""
        return (self.mean.float() / 2 + 0.5).clamp(0, 1)


class Decoder(nn.Module):
    """[B, inputs, h, w] of `grid` (h, w) to the pixels of `shape` (C, H, W): residual blocks between doublings.

    `width`: channels at the full size; each halving has twice as many, four times at most. Group norm, so that no
    sample depends on another. Rows and columns beyond H and W are cut off evenly.
    """

    def __init__(self, inputs: int, width: int, shape: tuple[int, int, int], grid: tuple[int, int]) -> None:
        super().__init__()
        self.size = shape[1:]
        doublings = max(0, *(math.ceil(math.log2(side / own)) for side, own in zip(self.size, grid, strict=True)))
        widths = [width * 2 ** min(2, level) for level in range(doublings, -1, -1)]
        layers: list[nn.Module] = [nn.Conv2d(inputs, widths[0], 3, padding=1), _Residual(widths[0])]
        for before, after in pairwise(widths):
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1), _Residual(after)]
        self.body = nn.Sequential(*layers, _norm(width), nn.ReLU())
        self.last = nn.Conv2d(width, 2 * shape[0], 1)
        nn.init.normal_(self.last.weight, std=0.01)
        nn.init.constant_(self.last.get_parameter("bias"), 0)

    def forward(self, grid: Tensor) -> Pixels:
        """Pixels [B, C, H, W] of vectors [B, inputs, h, w]."""
        output = self.last(self.body(grid))
        row, column = ((size - side) // 2 for size, side in zip(output.shape[2:], self.size, strict=True))
        output = output[:, :, row : row + self.size[0], column : column + self.size[1]]
        mean, log_scale = output.chunk(2, dim=1)
        return Pixels(mean, log_scale + START_LOG_SCALE)


class _Residual(nn.Module):
    """[B, width, h, w] in and out: norm, ReLU, 3x3, ReLU, 1x1, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.wide, self.back = (
            _norm(width),
            nn.Conv2d(width, width, 3, padding=1),
            nn.Conv2d(width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.back(F.relu(self.wide(F.relu(self.norm(x)))))


def _norm(width: int) -> nn.Module:
    return nn.GroupNorm(math.gcd(8, width), width)
