"""Crop, resize, flip and blur as matrices: each is linear and separable, so an image becomes Ry @ image @ Rx.T."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor


@dataclass(frozen=True)
class Span:
    """A stretch of one axis for every sample. start, length: [B]; reverse: [B] bool or None, read from the far end."""

    start: Tensor
    length: Tensor
    reverse: Tensor | None = None

    def __getitem__(self, rows: slice) -> "Span":
        """The stretches of some samples."""
        return Span(self.start[rows], self.length[rows], None if self.reverse is None else self.reverse[rows])

    def joined(self, other: "Span") -> "Span":
        """These stretches, then the other's."""
        start, length = torch.cat([self.start, other.start]), torch.cat([self.length, other.length])
        if self.reverse is None and other.reverse is None:
            return Span(start, length)
        reverse = [
            torch.zeros_like(span.start, dtype=torch.bool) if span.reverse is None else span.reverse
            for span in (self, other)
        ]
        return Span(start, length, torch.cat(reverse))


def resize_matrix(span: Span, side: int, out: int) -> Tensor:
    """[B, out, side]: bilinear resampling of the span to `out` pixels, antialiased where it shrinks.

    The triangle filter of PIL and of torchvision's `resize(antialias=True)`: as wide as an output pixel when shrinking,
    cut off at the span's ends and normalised to sum to one.
    """
    device = span.start.device
    target, pixel = _middles(out, False, device), _middles(side, False, device)
    if span.reverse is not None:
        target = torch.where(span.reverse[:, None], _middles(out, True, device), target)
    start, step = span.start[:, None], (span.length / out)[:, None]
    centre, end = start + step * target, start + span.length[:, None]
    if out >= side:  # nothing shrinks: two pixels at most have weight, and at the ends one
        centre = torch.minimum(torch.maximum(centre, start + 0.5), end - 0.5)
        return (pixel - centre[:, :, None]).abs_().mul_(-1).add_(1).clamp_(min=0)
    sharpness = 1 / step.clamp(min=1)
    weights = (pixel - centre[:, :, None]).abs_().mul_(-sharpness[:, :, None]).add_(1).clamp_(min=0)
    weights *= ((pixel > start) & (pixel < end))[:, None, :]
    return weights.div_(weights.sum(2, keepdim=True))


@cache
def _middles(pixels: int, reverse: bool, device: torch.device) -> Tensor:
    """[pixels] where the pixels of an axis have their middles, from its one end or from the other."""
    middles = torch.arange(pixels, device=device) + 0.5
    return middles.flip(0) if reverse else middles


def blur_matrix(sigma: Tensor, side: int, radius: int) -> Tensor:
    """sigma: [B], 0 for none -> [B, side, side], a Gaussian blur of 2 radius + 1 pixels with reflected borders."""
    radius = min(radius, side - 1)
    offset = torch.arange(-radius, radius + 1, device=sigma.device)
    kernel = torch.exp(-0.5 * (offset / sigma.clamp(min=1e-3)[:, None]) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    pixel = torch.arange(side, device=sigma.device)
    position = (pixel + offset[:, None]).abs()
    reflected = torch.where(position >= side, 2 * (side - 1) - position, position)
    taps = (reflected[:, :, None] == pixel).to(sigma.dtype)  # [2 radius + 1, side, side]
    return torch.einsum("bk,kij->bij", kernel, taps)
