"""Which samples make the batches of an epoch: a pure function of (seed, epoch), the same on every device and worker."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from probeline.core.lists import PairList
from probeline.core.sample_rng import GOLDEN, splitmix64
from probeline.core.sampler import EpochPlan
from probeline.errors import BadData

EPOCH_FACTOR = 0xD1B54A32D192ED03


def generator_of(seed: int, epoch: int) -> torch.Generator:
    """The generator of an epoch's order; (1, 2) and (2, 1) have nothing in common."""
    one_of_two = splitmix64(seed * GOLDEN + epoch * EPOCH_FACTOR + 1)
    return torch.Generator().manual_seed(one_of_two % 2**63)


def numpy_generator_of(seed: int, epoch: int) -> np.random.Generator:
    """The same for draws by numpy."""
    return np.random.Generator(np.random.PCG64(generator_of(seed, epoch).initial_seed()))


@dataclass(frozen=True)
class Samples:
    """Every sample once an epoch, in random order."""

    count: int

    @property
    def numbers(self) -> int:
        return self.count

    def steps(self, batch_size: int) -> int:
        return self.count // batch_size

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        return EpochPlan(torch.randperm(self.count, generator=generator_of(seed, epoch))[None])


@dataclass(frozen=True)
class InOrder:
    """Every sample once, by their rows, or in another order that never changes."""

    count: int
    order: Tensor | None = None

    @property
    def numbers(self) -> int:
        return self.count

    def steps(self, batch_size: int) -> int:
        return -(-self.count // batch_size)

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        return EpochPlan((torch.arange(self.count) if self.order is None else self.order)[None])


BUCKET = 50
"""Batches that are made of one random pool: of a larger one less is padded, and batches are less random."""


@dataclass(frozen=True)
class LengthBuckets:
    """Every sample once an epoch, in random batches of samples of about one length, so that little is padded.

    The shuffled samples are cut into pools of 50 batches, each pool is sorted by length and cut into batches, and all
    batches are shuffled; what does not fill a batch comes last. lengths: int64 [N].
    """

    lengths: np.ndarray

    @property
    def numbers(self) -> int:
        return len(self.lengths)

    def steps(self, batch_size: int) -> int:
        return self.numbers // batch_size

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        generator, steps = generator_of(seed, epoch), self.steps(batch_size)
        order = torch.randperm(self.numbers, generator=generator)
        whole, rest = order[: steps * batch_size], order[steps * batch_size :]
        lengths = torch.from_numpy(np.ascontiguousarray(self.lengths))
        pools = [pool[lengths[pool].argsort(stable=True)] for pool in whole.split(BUCKET * batch_size)]
        if steps:
            batches = torch.cat(pools).view(steps, batch_size)
            whole = batches[torch.randperm(steps, generator=generator)].flatten()
        return EpochPlan(torch.cat([whole, rest])[None])


def by_length(lengths: np.ndarray) -> InOrder:
    """Short samples first, so that little is padded. lengths: int64 [N]."""
    return InOrder(len(lengths), torch.from_numpy(np.argsort(lengths, kind="stable")))


@dataclass(frozen=True)
class PerClass:
    """Batches of P classes with K samples each, as triplets are mined from (FaceNet, arXiv 1503.03832, section 3.2).

    An epoch has as many batches as the samples fill. A class with fewer than K samples repeats some of them, each time
    with other random numbers; samples without a label are never drawn. labels: int64 [N].
    """

    labels: np.ndarray
    per_class: int

    @property
    def numbers(self) -> int:
        sizes = np.unique(self.labels[self.labels >= 0], return_counts=True)[1]
        return len(self.labels) * -(-self.per_class // int(sizes.min(initial=self.per_class)))

    def steps(self, batch_size: int) -> int:
        return len(self.labels) // batch_size

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        """Raises BadData where there are fewer classes than a batch is to have."""
        classes, count = np.unique(self.labels[self.labels >= 0]), batch_size // self.per_class
        if count > len(classes) or count < 1 or batch_size % self.per_class:
            raise BadData(
                f"a batch of {batch_size} with {self.per_class} samples a class has {batch_size / self.per_class:g} "
                f"classes; the training split has {len(classes)}: choose a training.batch_size that is a multiple of "
                f"{self.per_class}, up to {self.per_class * len(classes)}"
            )
        random = numpy_generator_of(seed, epoch)
        members = {number: np.flatnonzero(self.labels == number) for number in classes}
        drawn = [
            self._draw(members[number], random)
            for _ in range(self.steps(batch_size))
            for number in random.choice(classes, count, replace=False)
        ]
        index = torch.from_numpy(np.concatenate(drawn) if drawn else np.empty(0, np.int64))[None]
        return EpochPlan(index % len(self.labels), index=index)

    def _draw(self, members: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """K of the rows `members`, those of the second time round with N added, and so on."""
        rounds = range(-(-self.per_class // len(members)))
        return np.concatenate([random.permutation(members) + each * len(self.labels) for each in rounds])[
            : self.per_class
        ]


@dataclass(frozen=True)
class Pairs:
    """Every listed pair once an epoch, in random order."""

    pairs: PairList
    samples: int

    @property
    def numbers(self) -> int:
        return self.samples

    def steps(self, batch_size: int) -> int:
        return len(self.pairs) // batch_size

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        order = torch.randperm(len(self.pairs), generator=generator_of(seed, epoch)).numpy()
        rows = np.stack([self.pairs.first[order], self.pairs.second[order]])
        same = self.pairs.same
        return EpochPlan(torch.from_numpy(rows), None if same is None else torch.from_numpy(same[order]))


@dataclass(frozen=True)
class Windows:
    """Windows of one length over all samples laid end to end, each position in at most one of them an epoch.

    An epoch's windows start at a random offset below `length`. lengths: int64 [N] of a ragged column.
    """

    lengths: np.ndarray
    length: int

    @property
    def numbers(self) -> int:
        return max(0, int(self.lengths.sum()) // self.length - 1) or int(self.lengths.sum() >= self.length)

    def steps(self, batch_size: int) -> int:
        return self.numbers // batch_size

    def plan(self, seed: int, epoch: int, batch_size: int) -> EpochPlan:
        """`starts` count from the start of the whole column."""
        generator, total = generator_of(seed, epoch), int(self.lengths.sum())
        most = min(self.length, total - self.numbers * self.length + 1)
        offset = int(torch.randint(max(1, most), (1,), generator=generator))
        numbers = torch.randperm(self.numbers, generator=generator)
        return EpochPlan(torch.zeros_like(numbers)[None], starts=numbers * self.length + offset, index=numbers[None])
