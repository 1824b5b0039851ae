"""Crop, flip, colour, grey and blur in one go: two resampling matrices and one colour matrix a sample.

All five are linear maps of an image, so that a batch takes two batched products for the geometry and one for the
colour, and nothing waits for the device. Values are clamped to [0, 1] once, at the end. Clamping after each operation
as well, as operations do that are not fused, changes 0.6% of the values of CIFAR-10's views by more than 1/255 at
colour strength 0.5 (by 0.0001 on average, by 0.2 at most), and 3.2% at strength 1 with blur (0.001 and 0.33).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from probeline.core.device_constants import constant
from probeline.core.sample_rng import Need, SampleRNG
from probeline.data.augment.steps import COIN, Fuser, Member, repeated
from probeline.data.images.augment import boxes, colour, resampling
from probeline.data.images.augment.settings import blur_radius

ORDER = ("crop", "flip", "colour", "grey", "blur")
COUNTS = {"crop": boxes.DRAWS, "colour": colour.DRAWS, "blur": 1}  # uniform numbers, beside one that tosses a coin
CPU_CHUNK = 2**20  # values worked on at a time, 4 MiB: on 2 cores the fastest at B = 256 and 1,024


@dataclass(frozen=True)
class Sampled:
    """What a member drew. chosen: [B] bool, or None for all; numbers: [B, COUNTS] uniform."""

    config: Any  # the Config of the operation in its role
    chosen: Tensor | None
    numbers: Tensor


@dataclass(frozen=True)
class _Geometry:
    """What is read of the rows and of the columns; size: (H, W); out: (h, w); sigma: [B] of the blur, or None."""

    rows: resampling.Span
    columns: resampling.Span
    size: tuple[int, int]
    out: tuple[int, int]
    sigma: Tensor | None
    radius: int

    def matrices(self, at: slice) -> tuple[Tensor, Tensor]:
        """Of some samples, [b, h, H] and [b, w, W], without the blur."""
        rows, columns = self.rows[at], self.columns[at]
        if self.size[0] == self.size[1] and self.out[0] == self.out[1]:
            both = resampling.resize_matrix(rows.joined(columns), self.size[0], self.out[0])
            down, across = both.chunk(2)
            return down, across
        down = resampling.resize_matrix(rows, self.size[0], self.out[0])
        return down, resampling.resize_matrix(columns, self.size[1], self.out[1])

    def blurred(self, down: Tensor, across: Tensor, at: slice) -> tuple[Tensor, Tensor]:
        """The same with the blur after them."""
        if self.sigma is None:
            return down, across
        blurs = (resampling.blur_matrix(self.sigma[at], side, self.radius) for side in self.out)
        down, across = (torch.bmm(blur, matrix) for blur, matrix in zip(blurs, (down, across), strict=True))
        return down, across


@dataclass(frozen=True)
class Fused:
    """Some of ORDER, in that order; `members` by their names in ORDER."""

    members: Mapping[str, Member]
    repeats = True

    def __call__(self, images: Tensor, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
        """images: [B, C, H, W] in [0, 1], draws for V views of each -> [V * B, C, h, w] in [0, 1], channels_last.

        `lengths`: None, as images have no padding.
        """
        sampled, count = self._sample(rng), len(rng)
        geometry = _geometry((images.shape[2], images.shape[3]), sampled, count, images.device)
        factors = _factors(sampled, count, images.device)
        if geometry is None:
            repeats = repeated(images, count)
            return repeats if factors is None else colour.toned(repeats, factors).clamp_(0, 1)
        if images.is_cuda:  # a launch takes as long for one view as for all
            return _apply(repeated(images, count), geometry, factors, slice(None))
        shape = (count, images.shape[1], *geometry.out)
        views = torch.empty(shape, device=images.device, memory_format=torch.channels_last)
        for rows in _chunks(images):
            for first in range(0, count, len(images)):
                at = slice(first + rows.start, first + rows.stop)
                views[at] = _apply(images[rows], geometry, factors, at)
        return views

    def _sample(self, rng: SampleRNG) -> dict[str, Sampled]:
        """The same numbers as each operation draws on its own."""
        some = {role: member for role, member in self.members.items() if member.config.p < 1}
        coins = [Need(member.name, 1, COIN) for member in some.values()]
        numbers = [Need(member.name, COUNTS.get(role, 0)) for role, member in self.members.items()]
        uniform = rng.uniforms([*coins, *numbers])
        chosen: dict[str, Tensor] = {}
        if some:
            odds = constant(tuple(member.config.p for member in some.values()), rng.device)
            chosen = dict(zip(some, (torch.cat(uniform[: len(some)], dim=1) < odds).unbind(1), strict=True))
        members = zip(self.members.items(), uniform[len(some) :], strict=True)
        return {role: Sampled(member.config, chosen.get(role), own) for (role, member), own in members}


LINEAR_MAPS = Fuser(ORDER, Fused)


def _chunks(images: Tensor) -> list[slice]:
    """Even stretches of the batch whose intermediate tensors stay in the CPU's cache."""
    count = len(images)
    parts = max(1, math.ceil(images.numel() / CPU_CHUNK))
    step = max(1, math.ceil(count / parts))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def _factors(sampled: Mapping[str, Sampled], count: int, device: torch.device) -> colour.Factors | None:
    """What the colours become, or None where no operation asks."""
    if "colour" in sampled:
        jitter = sampled["colour"]
        factors = colour.sample(jitter.numbers, jitter.config)
        factors = factors if jitter.chosen is None else factors.where(jitter.chosen)
    elif "grey" in sampled:
        factors = colour.neutral(count, device)
    else:
        return None
    if "grey" not in sampled:
        return factors
    return factors.greyed(_everyone(sampled["grey"], count, device))


def _geometry(
    size: tuple[int, int], sampled: Mapping[str, Sampled], count: int, device: torch.device
) -> _Geometry | None:
    """Where every pixel goes, or None where all stay."""
    if not {"crop", "flip", "blur"} & set(sampled):
        return None
    box = whole = boxes.Boxes.whole(count, size, device)
    out = size
    if "crop" in sampled:
        config, chosen = sampled["crop"].config, sampled["crop"].chosen
        box = boxes.sample(sampled["crop"].numbers, size, config.scale, config.ratio)
        box = box if chosen is None else box.where(chosen, whole)
        out = (config.size, config.size) if config.size else size
    flipped = {sampled["flip"].config.axis: _everyone(sampled["flip"], count, device)} if "flip" in sampled else {}
    rows = resampling.Span(box.top, box.height, flipped.get("vertical"))
    columns = resampling.Span(box.left, box.width, flipped.get("horizontal"))
    return _Geometry(rows, columns, size, out, *_blur(sampled.get("blur"), min(out)))


def _everyone(sampled: Sampled, count: int, device: torch.device) -> Tensor:
    """[B] bool: the chosen ones, where nobody was left out too."""
    return torch.ones(count, dtype=torch.bool, device=device) if sampled.chosen is None else sampled.chosen


def _blur(sampled: Sampled | None, side: int) -> tuple[Tensor | None, int]:
    """Each sample's sigma, 0 for none, and half the kernel; None where nothing is blurred."""
    radius = blur_radius(side, sampled.config.kernel) if sampled else 0
    if sampled is None or radius == 0:
        return None, 0
    low, high = sampled.config.sigma
    sigma = low + (high - low) * sampled.numbers[:, 0]
    return (sigma if sampled.chosen is None else torch.where(sampled.chosen, sigma, 0.0)), radius


def _apply(images: Tensor, geometry: _Geometry, factors: colour.Factors | None, at: slice) -> Tensor:
    """The two resamplings with the colour between them: rows of a resampling sum to one, so the order is free."""
    batch, channels, rows, columns = images.shape
    sharp = geometry.matrices(at)
    down, across = geometry.blurred(*sharp, at)
    flat = images.permute(0, 2, 3, 1).reshape(batch, rows, columns * channels)  # no copy of channels_last images
    tall = torch.bmm(down, flat).view(batch, -1, columns, channels).permute(0, 3, 1, 2).contiguous()
    if factors is not None:
        # The mean luma of what is seen, before the blur, about which the contrast turns.
        middle = torch.bmm(sharp[0].mean(1, keepdim=True), flat).view(batch, columns, channels)
        luma = torch.bmm(sharp[1].mean(1, keepdim=True), middle)[:, 0] @ colour.luma_weights(channels, images.device)
        matrix, offset = colour.affine(factors[at], luma, channels)
        tall = torch.baddbmm(offset[:, None, None], matrix, tall.view(batch, channels, -1))
    wide = torch.bmm(tall.view(batch, -1, columns), across.transpose(1, 2))
    return wide.clamp_(0, 1).view(batch, channels, *geometry.out)
