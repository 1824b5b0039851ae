"""Crop, flip, colour, grey and blur in one go: two resampling matrices and one colour matrix a sample.

All five are linear maps of an image, so that a batch takes two batched products for the geometry and one for the
colour, and nothing waits for the device. Values are clamped to [0, 1] once, at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from probeline.data.augment import boxes, colour, resampling
from probeline.data.augment.settings import Op
from probeline.data.draws import Draws, Need

ORDER = ("crop", "flip", "colour", "grey", "blur")
COUNTS = {"crop": boxes.DRAWS, "colour": colour.DRAWS, "blur": 1}  # uniform numbers, beside one that tosses a coin
COIN = "coin"
CPU_CHUNK = 2**18  # values worked on at a time, 1 MiB


@dataclass(frozen=True)
class Member:
    """One operation: its settings, and the name of its draws."""

    name: str
    config: Op


@dataclass(frozen=True)
class Drawn:
    """What a member drew. chosen: [B] bool, or None for all; numbers: [B, COUNTS] uniform."""

    config: Op
    chosen: Tensor | None
    numbers: Tensor


@dataclass(frozen=True)
class _Geometry:
    """down: [B, h, H], across: [B, w, W]; top, left: [B, H] and [B, W], each pixel's share in the mean before blur."""

    down: Tensor
    across: Tensor
    top: Tensor
    left: Tensor


@dataclass(frozen=True)
class Fused:
    """Some of ORDER, in that order; `members` by their names in ORDER."""

    members: Mapping[str, Member]

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        """images: [B, C, H, W] in [0, 1] -> [B, C, h, w] in [0, 1], channels_last."""
        drawn = self._drawn(draws)
        geometry = _geometry(images.shape[2:], drawn, len(images), images.device)
        factors = _factors(drawn, len(images), images.device)
        if geometry is None:
            return colour.toned(images, factors).clamp_(0, 1)
        shape = (*images.shape[:2], geometry.down.shape[1], geometry.across.shape[1])
        views = torch.empty(shape, device=images.device, memory_format=torch.channels_last)
        for rows in _chunks(images):
            views[rows] = _apply(images[rows], geometry, factors, rows)
        return views

    def _drawn(self, draws: Draws) -> dict[str, Drawn]:
        """The same numbers as each operation draws on its own."""
        needs = []
        for role, member in self.members.items():
            needs += [Need(member.name, int(member.config.p < 1), COIN), Need(member.name, COUNTS.get(role, 0))]
        found = iter(draws.uniforms(needs))
        return {role: _tossed(member.config, next(found), next(found)) for role, member in self.members.items()}


def _tossed(config: Op, coin: Tensor, numbers: Tensor) -> Drawn:
    return Drawn(config, coin[:, 0] < config.p if config.p < 1 else None, numbers)


def _chunks(images: Tensor) -> list[slice]:
    """On the CPU, stretches of the batch whose intermediate tensors stay in its cache: 1.7 times faster on 2 cores."""
    step = len(images) if images.is_cuda else CPU_CHUNK // max(1, images[:1].numel())
    return [slice(start, start + max(1, step)) for start in range(0, len(images), max(1, step))]


def _factors(drawn: Mapping[str, Drawn], count: int, device: torch.device) -> colour.Factors | None:
    """What the colours become, or None where no operation asks."""
    if "colour" in drawn:
        jitter = drawn["colour"]
        factors = colour.sample(jitter.numbers, jitter.config)
        factors = factors if jitter.chosen is None else factors.where(jitter.chosen)
    elif "grey" in drawn:
        factors = colour.neutral(count, device)
    else:
        return None
    if "grey" not in drawn:
        return factors
    chosen = drawn["grey"].chosen
    return factors.greyed(torch.ones(count, dtype=torch.bool, device=device) if chosen is None else chosen)


def _geometry(size: tuple[int, int], drawn: Mapping[str, Drawn], count: int, device: torch.device) -> _Geometry | None:
    """Where every pixel goes, or None where all stay."""
    if not {"crop", "flip", "blur"} & set(drawn):
        return None
    spans, out = _spans(size, drawn, count, device)
    down, across = (resampling.resize_matrix(*each) for each in zip(spans, size, out, strict=True))
    top, left = down.mean(1), across.mean(1)
    radius = resampling.blur_radius(min(out), drawn["blur"].config.kernel) if "blur" in drawn else 0
    if radius == 0:
        return _Geometry(down, across, top, left)
    low, high = drawn["blur"].config.sigma
    sigma = low + (high - low) * drawn["blur"].numbers[:, 0]
    if drawn["blur"].chosen is not None:
        sigma = torch.where(drawn["blur"].chosen, sigma, 0.0)
    blurs = [resampling.blur_matrix(sigma, side, radius) for side in out]
    return _Geometry(torch.bmm(blurs[0], down), torch.bmm(blurs[1], across), top, left)


def _spans(
    size: tuple[int, int], drawn: Mapping[str, Drawn], count: int, device: torch.device
) -> tuple[list[resampling.Span], tuple[int, int]]:
    """What is read of the rows and of the columns, and the size of the views."""
    zero = torch.zeros(count, device=device)
    whole = boxes.Boxes(zero, zero, zero + size[0], zero + size[1])
    box, out = whole, size
    if "crop" in drawn:
        config, chosen = drawn["crop"].config, drawn["crop"].chosen
        box = boxes.sample(drawn["crop"].numbers, size, config.scale, config.ratio)
        box = box if chosen is None else box.where(chosen, whole)
        out = (config.size, config.size) if config.size else size
    rows, columns = resampling.Span(box.top, box.height), resampling.Span(box.left, box.width)
    if "flip" in drawn:
        chosen = drawn["flip"].chosen
        chosen = torch.ones(count, dtype=torch.bool, device=device) if chosen is None else chosen
        if drawn["flip"].config.axis == "horizontal":
            columns = resampling.Span(columns.start, columns.length, chosen)
        else:
            rows = resampling.Span(rows.start, rows.length, chosen)
    return [rows, columns], out


def _apply(images: Tensor, geometry: _Geometry, factors: colour.Factors | None, at: slice) -> Tensor:
    """The two resamplings with the colour between them: rows of a resampling sum to one, so the order is free."""
    down, across = geometry.down[at], geometry.across[at]
    batch, channels, rows, columns = images.shape
    flat = images.permute(0, 2, 3, 1).reshape(batch, rows, columns * channels)  # no copy of channels_last images
    tall = torch.bmm(down, flat).view(batch, -1, columns, channels).permute(0, 3, 1, 2)
    if factors is not None:
        middle = torch.bmm(geometry.top[at][:, None], flat).view(batch, columns, channels)
        luma = torch.einsum("bwc,bw->bc", middle, geometry.left[at]) @ colour.luma_weights(channels, images.device)
        matrix, offset = colour.affine(factors[at], luma, channels)
        tall = torch.baddbmm(offset[:, None, None], matrix, tall.reshape(batch, channels, -1))
    wide = torch.bmm(tall.reshape(batch, -1, columns), across.transpose(1, 2))
    return wide.clamp_(0, 1).view(batch, channels, down.shape[1], across.shape[1])
