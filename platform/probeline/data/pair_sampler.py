"""Pairs drawn from labels: half of one class, half of two, new ones in every epoch or the same in another order."""

from dataclasses import dataclass

import numpy as np
import torch

from probeline.core.sampler import EpochPlan
from probeline.data.samplers import generator_of, numpy_generator_of
from probeline.errors import BadData


@dataclass(frozen=True)
class BalancedPairs:
    """`count` pairs an epoch. labels: int64 [N]; samples without one (below 0) are in no pair.

    The first samples of the pairs go around all samples in random order, so that each is in about as many pairs; the
    second one is drawn from its class, or from all others. `redraw`: whether each epoch has other pairs.
    """

    labels: np.ndarray
    count: int
    redraw: bool = True

    @property
    def numbers(self) -> int:
        return len(self.labels)

    def steps(self, batch_size: int) -> int:
        return self.count // batch_size

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        """Raises BadData where no class has two samples, or there is only one class."""
        random = numpy_generator_of(seed, epoch if self.redraw else 0)
        equal = self.count // 2
        sides = np.concatenate([self._equal(random, equal), self._unequal(random, self.count - equal)], axis=1)
        order = torch.randperm(self.count, generator=generator_of(seed, epoch))
        same = torch.arange(self.count) < equal
        return EpochPlan(torch.from_numpy(sides)[:, order], same[order])

    def _by_class(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows in the order of their classes; for each the first position of its class, and the class's size."""
        rows = np.flatnonzero(self.labels >= 0)
        order = rows[np.argsort(self.labels[rows], kind="stable")]
        _, start, inverse, size = np.unique(
            self.labels[order], return_index=True, return_inverse=True, return_counts=True
        )
        return order, start[inverse], size[inverse]

    def _equal(self, random: np.random.Generator, count: int) -> np.ndarray:
        """[2, count] rows of pairs of one class."""
        order, start, size = self._by_class()
        first = _around(random, np.flatnonzero(size > 1), count, "no class has two labelled samples")
        steps = 1 + (random.random(count) * (size[first] - 1)).astype(np.int64)
        second = start[first] + (first - start[first] + steps) % size[first]
        return np.stack([order[first], order[second]])

    def _unequal(self, random: np.random.Generator, count: int) -> np.ndarray:
        """[2, count] rows of pairs of two classes."""
        order, start, size = self._by_class()
        first = _around(random, np.flatnonzero(size < len(order)), count, "there is one class of labelled samples")
        other = (random.random(count) * (len(order) - size[first])).astype(np.int64)
        second = np.where(other < start[first], other, other + size[first])
        return np.stack([order[first], order[second]])


def _around(random: np.random.Generator, positions: np.ndarray, count: int, without: str) -> np.ndarray:
    """`count` positions, each as often as any other but for one. Raises BadData with `without` where there are none."""
    if not len(positions):
        raise BadData(
            f"pairs cannot be drawn from these labels: {without}; give two samples or more of two classes or more, or "
            "a list of pairs"
        )
    rounds = -(-count // len(positions))
    return np.concatenate([random.permutation(positions) for _ in range(rounds)] or [positions])[:count]
