"""Columns of samples: a plain array where all have one shape, `Ragged` where they differ in length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

Rows = slice | np.ndarray


@dataclass(frozen=True, eq=False)
class Ragged:
    """N samples of any length, one after the other. values: [sum of T, ...]; offsets: int64 [N + 1], the first is 0.

    Sample i is `values[offsets[i]:offsets[i + 1]]`. Raises ValueError where the two do not go together.
    """

    values: np.ndarray
    offsets: np.ndarray

    def __post_init__(self) -> None:
        if self.offsets.dtype != np.int64 or self.offsets.ndim != 1 or not len(self.offsets):
            raise ValueError(f"offsets are {self.offsets.dtype} {self.offsets.shape}: they are int64 [N + 1]")
        ends = int(self.offsets[0]), int(self.offsets[-1])
        if ends != (0, len(self.values)) or (len(self) and int(self.lengths.min()) < 0):
            raise ValueError(
                f"offsets go from {ends[0]} to {ends[1]} over {len(self.values)} values: they ascend to all"
            )

    @classmethod
    def of(cls, samples: Sequence[np.ndarray]) -> Self:
        """The column of samples [T, ...] of one dtype. Raises ValueError where there is none."""
        offsets = np.concatenate([[0], np.cumsum([len(sample) for sample in samples])]).astype(np.int64)
        return cls(np.concatenate(samples), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, rows: Rows) -> "Ragged":
        """Some samples, numbered anew; a slice without a step copies nothing."""
        if isinstance(rows, slice) and rows.step in (None, 1):
            start, stop, _ = rows.indices(len(self))
            ends = self.offsets[start : max(start, stop) + 1]
            return Ragged(self.values[ends[0] : ends[-1]], ends - ends[0])
        chosen = np.arange(len(self))[rows]
        lengths = self.lengths[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        positions = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], lengths)
        return Ragged(self.values[positions], offsets)

    def row(self, number: int) -> np.ndarray:
        """Sample `number`, [T, ...]."""
        return self.values[self.offsets[number] : self.offsets[number + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """T of every sample, int64 [N]."""
        return np.diff(self.offsets)

    @property
    def dtype(self) -> np.dtype:
        """Of the values."""
        return self.values.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of values and offsets."""
        return self.values.nbytes + self.offsets.nbytes


Column = np.ndarray | Ragged
