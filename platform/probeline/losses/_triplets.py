"""Triplets of a batch by class: every anchor with its positives and negatives, summed without listing them.

An anchor's negatives are sorted by distance once. The hinge losses of one of its positives against all of them are then
two lookups in running sums, so that N samples of K a class cost N sorts and N K lookups, not N K N terms.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Mining = Literal["all", "hard", "semi_hard", "distance_weighted"]
Over = Literal["active", "all"]

NEAREST, FURTHEST = 0.5, 1.4
"""Wu et al. 2017 (arXiv 1706.07567): a nearer negative weighs as one at `NEAREST`, one beyond `FURTHEST` nothing."""


@dataclass(frozen=True)
class ByClass:
    """The rows of a batch in the order of their classes.

    `order` [N]: the rows; for each row in that order, `first` [N]: the first one of its class, `count` [N]: how many
    there are; `largest`: the size of the largest class, or more.
    """

    order: Tensor
    first: Tensor
    count: Tensor
    largest: int

    @classmethod
    def of(cls, labels: Tensor) -> "ByClass":
        """`labels` [N]; one below 0 is unknown, and its sample a class of its own.

        On a device `largest` is N, as the host would have to wait for the true one.
        """
        steps = torch.arange(len(labels), device=labels.device)
        alone = labels.max().clamp(min=0) + 1 + steps
        ascending, order = torch.where(labels < 0, alone, labels).sort(stable=True)
        first = torch.searchsorted(ascending, ascending)
        count = torch.searchsorted(ascending, ascending, right=True) - first
        return cls(order, first, count, int(count.max()) if labels.device.type == "cpu" else len(labels))

    def own_class(self, rows: slice) -> tuple[Tensor, Tensor]:
        """[R, K] the columns of some rows' classes, those of a shorter one filled with the row itself; [R, K] whether
        each is a positive of its row."""
        steps = torch.arange(self.largest, device=self.first.device)
        columns = self.first[rows, None] + steps
        own = torch.arange(rows.start, rows.stop, device=self.first.device)[:, None]
        columns = torch.where(steps < self.count[rows, None], columns, own)
        return columns, columns != own


@dataclass(frozen=True)
class Hinge:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) summed over the triplets that are mined.

    `over`: the sum of weights counts the triplets above 0 (`active`), or all that are mined. `dim`: D of the embedding,
    for `distance_weighted`; `squared`: whether distances come squared.
    """

    classes: ByClass
    margin: float
    mining: Mining
    over: Over
    squared: bool
    dim: int

    def __call__(self, distances: Tensor, rows: slice) -> tuple[Tensor, Tensor]:
        """The sum of [R, N] distances' hinge losses, and of their weights."""
        columns, is_positive = self.classes.own_class(rows)
        positives = distances.gather(1, columns)
        negatives = distances.scatter(1, columns, torch.inf)
        if self.mining == "hard":
            return self._hardest(positives, is_positive, negatives)
        ascending, order = negatives.sort(1)
        weight = self._weights(negatives.detach()).gather(1, order)
        limit = (positives + self.margin).detach()
        high = torch.searchsorted(ascending.detach(), limit)
        low = torch.zeros_like(high)
        if self.mining == "semi_hard":
            low = torch.searchsorted(ascending.detach(), positives.detach().contiguous(), right=True)
            high = torch.maximum(low, high)
        near = torch.where(weight > 0, ascending, 0.0)
        weights, sums = _running(weight), _running(weight * near)
        mass = weights.gather(1, high) - weights.gather(1, low)
        loss = mass * (positives + self.margin) - (sums.gather(1, high) - sums.gather(1, low))
        if self.over == "all" and self.mining != "semi_hard":
            mass = weights[:, -1:].expand_as(mass)
        return torch.where(is_positive, loss, 0.0).sum(), torch.where(is_positive, mass, 0.0).sum()

    def _hardest(self, positives: Tensor, is_positive: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor]:
        """The furthest positive and the nearest negative of every anchor that has both."""
        furthest = torch.where(is_positive, positives, -torch.inf).amax(1)
        nearest = negatives.amin(1)
        exists = is_positive.any(1) & nearest.isfinite()
        loss = F.relu(torch.where(exists, furthest, 0.0) - torch.where(exists, nearest, 0.0) + self.margin)
        counted = exists & (loss > 0) if self.over == "active" else exists
        return torch.where(exists, loss, 0.0).sum(), counted.sum()

    def _weights(self, negatives: Tensor) -> Tensor:
        """[R, N] of the negatives: 1, or the probability to be drawn; 0 for what is none."""
        is_negative = negatives.isfinite()
        if self.mining != "distance_weighted":
            return is_negative.to(negatives.dtype)
        plain = negatives.sqrt() if self.squared else negatives
        allowed = is_negative & (plain < FURTHEST)
        d = plain.clamp(NEAREST, FURTHEST)
        log_inverse = (2.0 - self.dim) * d.log() - (self.dim - 3.0) / 2 * (1 - d.square() / 4).log()
        probability = torch.where(allowed, log_inverse, -torch.inf).softmax(1)
        return torch.where(allowed, probability, 0.0)  # a row without an allowed one is not a number


def _running(values: Tensor) -> Tensor:
    """[R, N + 1] the sums of the first 0, 1, ... N columns, in float64: they are subtracted from each other."""
    return F.pad(values.cumsum(1, dtype=torch.float64), (1, 0))
