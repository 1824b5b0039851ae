"""Random numbers that belong to a sample, not to a batch: what a sample's view is does not hang on its neighbours.

A counter-based generator in the manner of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011): a
number is a hash of (seed, epoch, sample, view, name, stream, column), so nothing is kept between calls, and a resumed,
re-ordered or differently batched training sees the same views.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from zlib import crc32

import torch
from torch import Tensor

GOLDEN = 0x9E3779B97F4A7C15  # SplitMix64's increment
FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
SHIFTS = (30, 27, 31)
BITS = 24  # a float32 in [0, 1) holds no more


@dataclass(frozen=True)
class Need:
    """`count` uniform numbers of `draws.fold_in(name)`, of its `stream`."""

    name: str
    count: int
    stream: str = ""


class SampleRNG:
    """The draws of B samples in one epoch; the same question has the same answer."""

    def __init__(self, seed: int, epoch: int, samples: Tensor) -> None:
        """`samples`: int64 [B], the rows of the part; numbers are made on their device."""
        self._keys = _mixed(samples * _signed(GOLDEN) + _signed(_hashed(seed, epoch)))
        self._views: dict[int, Tensor] = {}
        self._source: tuple[SampleRNG, Tensor] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, rows: slice | Tensor) -> Self:
        """The draws of some rows, with the numbers that they have among all.

        With int64 rows, such as a batch's of an epoch, what `copies` makes is some rows too of what it makes of all.
        """
        some = self._of(self._keys[rows])
        if isinstance(rows, Tensor):
            some._source = self, rows
        return some

    @property
    def device(self) -> torch.device:
        """Where the numbers are made."""
        return self._keys.device

    def uniform(self, count: int, stream: str = "") -> Tensor:
        """float32 [B, count] in [0, 1). Another `stream` has other numbers."""
        return _unit(_mixed(self._keys[:, None] + _columns(count, stream, self.device)))

    def uniforms(self, needs: Sequence[Need]) -> list[Tensor]:
        """Each need's numbers, `within(name).uniform(count, stream)`, all hashed at once."""
        names, columns, owners = _plan(tuple(needs), self.device)
        keys = _mixed(self._keys[:, None] + names)
        numbers = _unit(_mixed(keys.index_select(1, owners) + columns))
        return list(numbers.split([need.count for need in needs], dim=1))

    def normal(self, count: int, stream: str = "") -> Tensor:
        """float32 [B, count] of mean 0 and variance 1, by Box and Muller; no further out than 5.8."""
        half = (count + 1) // 2
        radius, angle = self.uniform(2 * half, f"normal {stream}").split(half, dim=1)
        radius = torch.log1p(-radius).mul_(-2).sqrt_()  # 1 - u is never 0
        angle = angle * (2 * math.pi)
        return torch.cat([angle.cos().mul_(radius), angle.sin_().mul_(radius)], dim=1)[:, :count]

    def integers(self, below: int, count: int, stream: str = "") -> Tensor:
        """int64 [B, count] in [0, below); `below` up to 2^24."""
        return (self.uniform(count, stream).double() * below).long()

    def fold_in(self, name: str) -> Self:
        """The draws of one part of the work, such as an operation: what others draw does not shift them."""
        return self._of(_mixed(self._keys + _name_key(name)))

    def split(self, views: int) -> Self:
        """For `views` views of every sample, [views * B] view-major, each view with its own numbers."""
        if self._source is None:
            return self._of(self._keys_of(views).flatten())
        everyone, rows = self._source
        return self._of(everyone._keys_of(views)[:, rows].flatten())

    def _keys_of(self, views: int) -> Tensor:
        """[V, B] the keys of each view, made once."""
        if views not in self._views:
            self._views[views] = _mixed(self._keys + _view_keys(views, self.device))
        return self._views[views]

    def _of(self, keys: Tensor) -> Self:
        other = type(self).__new__(type(self))
        other._keys, other._views, other._source = keys, {}, None
        return other


def _hashed(seed: int, epoch: int) -> int:
    """One 64-bit number of two, SplitMix64's way."""
    return splitmix64(seed * GOLDEN + epoch * FACTORS[0] + 1)


def _name_key(name: str) -> int:
    return _signed(splitmix64(crc32(name.encode()) + 2**32))


@lru_cache(maxsize=256)
def _view_keys(views: int, device: torch.device) -> Tensor:
    """[V, 1]: what is added to a key for each view."""
    return _mixed(torch.arange(1, views + 1, device=device) * _signed(FACTORS[1]))[:, None]


@lru_cache(maxsize=256)
def _columns(count: int, stream: str, device: torch.device) -> Tensor:
    """[count]: what is added to a key for each of its numbers."""
    return _mixed(torch.arange(1, count + 1, device=device) * _signed(GOLDEN) + crc32(stream.encode()))


@lru_cache(maxsize=256)
def _plan(needs: tuple[Need, ...], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """What is added for each name, what for each number, and which name a number belongs to."""
    names = list(dict.fromkeys(need.name for need in needs))
    owners = [names.index(need.name) for need in needs for _ in range(need.count)]
    columns = torch.cat([_columns(need.count, need.stream, device) for need in needs])
    return torch.tensor([_name_key(name) for name in names], device=device), columns, torch.tensor(owners).to(device)


def _unit(bits: Tensor) -> Tensor:
    return (bits & (2**BITS - 1)).to(torch.float32).mul_(2.0**-BITS)


def _signed(value: int) -> int:
    """The int64 with the same bits: torch multiplies and adds modulo 2^64."""
    return value - 2**64 if value >= 2**63 else value


def _mixed(value: Tensor) -> Tensor:
    """SplitMix64's finaliser on int64 tensors; its shifts bring in zeros."""
    for shift, factor in zip(SHIFTS, FACTORS, strict=False):
        value = ((value >> shift) & (2 ** (64 - shift) - 1)).bitwise_xor_(value).mul_(_signed(factor))
    return ((value >> SHIFTS[2]) & (2 ** (64 - SHIFTS[2]) - 1)).bitwise_xor_(value)


def splitmix64(value: int) -> int:
    """SplitMix64's finaliser on a number modulo 2^64: numbers that differ in one bit become unrelated ones."""
    value %= 2**64
    for shift, factor in zip(SHIFTS, (*FACTORS, 1), strict=True):
        value = ((value ^ (value >> shift)) * factor) % 2**64
    return value
