"""Colour jitter and grey as one matrix and one offset a sample.

Brightness f, contrast c, saturation s and hue h act on a pixel p of an image with mean luma L as

    f c (Y + s (cos(2 pi h) P + sin(2 pi h) Q)) p + f (1 - c) L

where Y gives every channel the luma, P is the rest (the chroma) and Q turns the chroma by a quarter. All four commute,
so no order is drawn, and grey is s = 0. Deviations from torchvision's ColorJitter, which SimCLR in PyTorch uses: the
hue turns about the grey axis in YIQ instead of in HSV, and values are clamped to [0, 1] once, at the end, instead
of after each step. Images without three channels have no colour: brightness and contrast act, about the mean value.
"""

from dataclasses import dataclass
from functools import cache
from math import pi
from typing import Protocol

import torch
from torch import Tensor

from probeline.core.device_constants import constant

DRAWS = 4  # uniform numbers: brightness, contrast, saturation, hue
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
YIQ = (LUMA, (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


@dataclass(frozen=True)
class Factors:
    """brightness, contrast, saturation: [B], 1 leaves as is; hue: [B] in turns, 0 leaves as is."""

    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor

    def __getitem__(self, rows: slice) -> "Factors":
        """The factors of some samples."""
        return Factors(self.brightness[rows], self.contrast[rows], self.saturation[rows], self.hue[rows])

    def where(self, chosen: Tensor) -> "Factors":
        """These factors for the chosen samples, [B] bool; the others are left as they are."""
        factors = torch.stack([self.brightness, self.contrast, self.saturation, self.hue])
        return Factors(*torch.where(chosen, factors, constant((1.0, 1.0, 1.0, 0.0), chosen.device)[:, None]))

    def greyed(self, chosen: Tensor) -> "Factors":
        """The chosen samples, [B] bool, lose their colour."""
        return Factors(self.brightness, self.contrast, self.saturation.masked_fill(chosen, 0.0), self.hue)


class Reach(Protocol):
    """How far the factors may go: each range is multiplied by the strength."""

    @property
    def strength(self) -> float: ...
    @property
    def brightness(self) -> float: ...
    @property
    def contrast(self) -> float: ...
    @property
    def saturation(self) -> float: ...
    @property
    def hue(self) -> float: ...


def sample(uniform: Tensor, reach: Reach) -> Factors:
    """uniform: [B, DRAWS] in [0, 1) -> factors as ColorJitter(s brightness, s contrast, ...) draws them."""
    ranges = (reach.strength * each for each in (reach.brightness, reach.contrast, reach.saturation))
    bounds = [(max(0.0, 1 - width), 1 + width) for width in ranges]
    lowest = constant(tuple(low for low, _ in bounds), uniform.device)
    width = constant(tuple(high - low for low, high in bounds), uniform.device)
    factors = lowest + width * uniform[:, :3]
    hue = min(0.5, reach.strength * reach.hue) * (2 * uniform[:, 3] - 1)
    return Factors(factors[:, 0], factors[:, 1], factors[:, 2], hue)


def neutral(count: int, device: torch.device) -> Factors:
    """Factors that leave `count` samples as they are."""
    return Factors(*constant((1.0, 1.0, 1.0, 0.0), device)[:, None].expand(4, count))


def toned(images: Tensor, factors: Factors) -> Tensor:
    """images: [B, C, H, W] -> the same shape, values not clamped; contrast turns about each image's mean luma."""
    batch, channels, rows, columns = images.shape
    luma = images.mean((2, 3)) @ luma_weights(channels, images.device)
    matrix, offset = affine(factors, luma, channels)
    planes = images.reshape(batch, channels, rows * columns)
    return torch.baddbmm(offset[:, None, None], matrix, planes).view(images.shape)


def luma_weights(channels: int, device: torch.device) -> Tensor:
    """[C]: the weights of the channels in the luma."""
    return constant(LUMA if channels == 3 else (1 / channels,) * channels, device)


def affine(factors: Factors, mean_luma: Tensor, channels: int) -> tuple[Tensor, Tensor]:
    """mean_luma: [B] -> matrix [B, C, C] and offset [B]: pixel -> matrix @ pixel + offset."""
    offset = factors.brightness * (1 - factors.contrast) * mean_luma
    gain = (factors.brightness * factors.contrast)[:, None, None]
    if channels != 3:
        return gain * torch.eye(channels, device=gain.device), offset
    luma, chroma, quarter = _planes(gain.device)
    angle = 2 * pi * factors.hue
    cosine, sine = (factors.saturation * part(angle) for part in (torch.cos, torch.sin))
    return gain * (luma + cosine[:, None, None] * chroma + sine[:, None, None] * quarter), offset


@cache
def _planes(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Y, P and Q of the module's docstring, [3, 3] each."""
    to_yiq = torch.tensor(YIQ, dtype=torch.float64)
    turn = torch.tensor([[0.0, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=torch.float64)  # red towards green, as in HSV
    luma = to_yiq[:1].expand(3, 3)
    quarter = torch.linalg.inv(to_yiq) @ turn @ to_yiq
    planes = torch.stack([luma, torch.eye(3, dtype=torch.float64) - luma, quarter]).to(device, torch.float32)
    return planes[0], planes[1], planes[2]
