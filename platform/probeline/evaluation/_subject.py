"""The trained method that a protocol judges: frozen, and a copy, so that nothing can change the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from probeline.data.draws import Draws
from probeline.data.loader import Batch, batches
from probeline.data.parts import Dataset
from probeline.failures import NotApplicable

if TYPE_CHECKING:
    from probeline.evaluation.base import Evidence

BATCH = 256


@dataclass(frozen=True)
class Pairs:
    """Two views each of N samples. ha, hb: [N, dim]; za, zb: [N, ...] as the loss reads them; labels: [N], or -1."""

    ha: Tensor
    hb: Tensor
    za: Tensor
    zb: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Subject:
    """A method in evaluation mode without gradients, and the data it was trained on."""

    method: nn.Module
    dataset: Dataset
    device: torch.device
    seed: int
    on: Callable[[nn.Module, dict[str, Any]], Evidence]
    """(method, data component) -> evidence: how the trial looks at another data set."""

    def encoder(self) -> nn.Module:
        """A trainable copy of the encoder, for fine-tuning."""
        return deepcopy(self.method.encoder).requires_grad_(True).train()

    def elsewhere(self, data: dict[str, Any]) -> Evidence:
        """The same encoder on another data set, a resolved component. Raises as opening the data does."""
        return self.on(self.method, data)

    def batches(self, part: str, batch_size: int, *, epoch: int = 0, shuffle: bool = False) -> Iterator[Batch]:
        """Images of `part` (train, validation or test) as the encoder takes them; labels of the test part are -1."""
        todo = batches(
            getattr(self.dataset, part),
            batch_size,
            seed=self.seed,
            epoch=epoch,
            device=self.device,
            shuffle=shuffle,
            drop_last=False,
        )
        return (self._sealed(batch) if part == "test" else batch for batch in todo)

    @torch.no_grad()
    def pairs(self, part: str, count: int) -> Pairs:
        """Two views each of the first `count` samples of `part` (fewer where it is smaller), in evaluation mode.

        Views are the method's own, drawn as in a training of another seed.

        Raises:
            NotApplicable: the method does not make two views of a sample.
        """
        found: list[Pairs] = []
        seed, left = self.seed ^ 0x5EED, count
        for batch in islice(self.batches(part, min(BATCH, count)), -(-count // BATCH)):
            rows = min(left, len(batch))
            batch = Batch(batch.inputs[:rows], batch.labels[:rows], batch.index[:rows])
            found.append(self._pair(batch, Draws(seed, 0, batch.index)))
            left -= rows
        return Pairs(*(torch.cat([getattr(pair, name) for pair in found]) for name in Pairs.__annotations__))

    def _pair(self, batch: Batch, draws: Draws) -> Pairs:
        if not self.method.two_views:
            name = type(self.method).__name__
            raise NotApplicable(f"{name} does not make two views of a sample, so there are no pairs to look at")
        outputs = self.method(self.method.views(batch, draws))
        (ha, hb), (za, zb) = outputs.h.float().chunk(2), outputs.z.float().chunk(2)
        return Pairs(ha, hb, za, zb, batch.labels)

    def _sealed(self, batch: Batch) -> Batch:
        return replace(batch, labels=torch.full_like(batch.labels, -1))
