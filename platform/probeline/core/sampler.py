"""What draws the batches of an epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True)
class EpochPlan:
    """An epoch in order, batch after batch. rows: int64 [K, n], the samples' rows in their split, K of them together.

    `same`: bool [n] of pairs, or None; `starts`: int64 [n], where in its sample a window starts, None where the loader
    crops; `index`: int64 [K, n], the numbers that `Batch.index` has, None where these are the rows.
    """

    rows: Tensor
    same: Tensor | None = None
    starts: Tensor | None = None
    index: Tensor | None = None

    def map(self, fn: Callable[[Tensor], Tensor]) -> "EpochPlan":
        """The plan with `fn` applied to every tensor that is there."""
        parts = (self.rows, self.same, self.starts, self.index)
        return EpochPlan(*(None if part is None else fn(part) for part in parts))  # type: ignore[arg-type]

    def __getitem__(self, samples: slice) -> "EpochPlan":
        """Some of the n, such as a batch."""
        return self.map(lambda part: part[..., samples])


class Sampler(Protocol):
    """What draws an epoch's batches."""

    @property
    def numbers(self) -> int:
        """How many numbers there are that `Batch.index` can have."""

    def steps(self, batch_size: int) -> int:
        """Whole batches in an epoch."""

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        """The epoch; `batch_size` counts samples, pairs or triplets."""
