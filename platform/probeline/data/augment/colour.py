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
from typing import Self

import torch
from torch import Tensor

from probeline.data.augment.settings import Augment

DRAWS = 6  # uniform numbers: jitter or not, brightness, contrast, saturation, hue, grey or not
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
YIQ = (LUMA, (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


@dataclass(frozen=True)
class Factors:
    """brightness, contrast, saturation: [B], 1 leaves as is; hue: [B] in turns, 0 leaves as is."""

    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor

    def __getitem__(self, rows: slice) -> Self:
        """The factors of some samples."""
        return Factors(self.brightness[rows], self.contrast[rows], self.saturation[rows], self.hue[rows])


def sample(uniform: Tensor, settings: Augment) -> Factors:
    """uniform: [B, DRAWS] in [0, 1) -> factors as ColorJitter(0.8 s, 0.8 s, 0.8 s, 0.2 s) draws them."""
    jittered = uniform[:, 0] < settings.jitter
    reach = 0.8 * settings.strength
    low, high = max(0.0, 1 - reach), 1 + reach
    factors = torch.where(jittered[:, None], low + (high - low) * uniform[:, 1:4], 1.0)
    hue = torch.where(jittered, 0.2 * settings.strength * (2 * uniform[:, 4] - 1), 0.0)
    saturation = torch.where(uniform[:, 5] < settings.grey, 0.0, factors[:, 2])
    return Factors(factors[:, 0], factors[:, 1], saturation, hue)


@cache
def luma_weights(channels: int, device: torch.device) -> Tensor:
    """[C]: the weights of the channels in the luma."""
    return torch.tensor(LUMA if channels == 3 else [1 / channels] * channels, device=device)


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
    planes = torch.stack([luma, torch.eye(3, dtype=torch.float64) - luma, quarter])
    return planes.to(device, torch.float32).unbind(0)
