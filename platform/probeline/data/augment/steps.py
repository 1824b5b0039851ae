"""The steps of an augmentation: one operation on the samples that its draw chooses, or several fused into one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.augmentation import Augmentation, PaddedAugmentation
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op

COIN = "coin"
"""The stream of the draw that decides whether a sample gets an operation."""


@dataclass(frozen=True)
class Member:
    """One operation: its settings, and the name of its draws."""

    name: str
    config: Op


class AugmentStep(Protocol):
    """inputs [B, ...] -> as many samples."""

    @property
    def repeats(self) -> bool:
        """Whether inputs may be B of V * B samples, with draws for V views of each."""
        ...

    def __call__(self, inputs: Tensor, rng: SampleRNG, lengths: Tensor | None = None, /) -> Tensor:
        """`lengths`: int64 [B], how much of [B, T] or [B, T, F] is real; None: all."""
        ...


@dataclass(frozen=True)
class Fuser:
    """Operations that act as one step where they follow each other in this `order`; `fuse` makes it of such a stretch.

    The file of such an operation names it: `FUSED_BY = ...`.
    """

    order: tuple[str, ...]
    fuse: Callable[[Mapping[str, Member]], AugmentStep]

    def follow(self, last: str, name: str) -> bool:
        """Whether `name` may come right after `last` in one stretch."""
        return last in self.order and name in self.order and self.order.index(last) < self.order.index(name)


class Single:
    """One operation of a list."""

    repeats = False

    def __init__(self, member: Member, function: Augmentation[Any] | PaddedAugmentation[Any]) -> None:
        self.member, self.function = member, function
        self.takes_lengths = "lengths" in signature(function).parameters

    def __call__(self, inputs: Tensor, rng: SampleRNG, lengths: Tensor | None = None) -> Tensor:
        """Images stay in [0, 1], and those not chosen get the size of the others; padding stays 0."""
        own = rng.fold_in(self.member.name)
        if self.takes_lengths:
            padded = cast(PaddedAugmentation[Any], self.function)
            augmented = padded(inputs, self.member.config, own, lengths)
        else:
            augmented = cast(Augmentation[Any], self.function)(inputs, self.member.config, own)
        augmented = augmented.clamp(0, 1) if is_image(inputs) else without_padding(augmented, lengths)
        if self.member.config.p == 1:
            return augmented
        chosen = own.uniform(1, COIN)[:, 0] < self.member.config.p
        if augmented.shape != inputs.shape and is_image(inputs):
            inputs = F.interpolate(inputs, augmented.shape[2:], mode="bilinear", antialias=True)
        return torch.where(chosen.view(-1, *[1] * (inputs.ndim - 1)), augmented, inputs)


def is_image(inputs: Tensor) -> bool:
    """Images alone are [B, C, H, W]."""
    return inputs.ndim == 4


def without_padding(inputs: Tensor, lengths: Tensor | None) -> Tensor:
    """inputs: [B, T] or [B, T, F] -> the same with 0 from each sample's length on."""
    if lengths is None:
        return inputs
    real = torch.arange(inputs.shape[1], device=inputs.device) < lengths[:, None]
    return inputs * real.view(*real.shape, *[1] * (inputs.ndim - 2))


def repeated(inputs: Tensor, count: int) -> Tensor:
    """inputs: [B, ...] -> [count, ...], all of them one time after the other."""
    return inputs if count == len(inputs) else torch.cat([inputs] * (count // len(inputs)))
