"""The trained method that a protocol judges: frozen, and a copy, so that nothing can change the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from itertools import islice

import torch
from torch import Tensor, nn

from probeline.core.batch import Batch
from probeline.core.columns import Ragged
from probeline.core.dataset import Dataset, Split
from probeline.core.frames import Frames
from probeline.core.hidden import Hidden
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.core.sampler import Sampler
from probeline.data.loader import batches
from probeline.data.samplers import LengthBuckets, by_length
from probeline.errors import NotApplicable
from probeline.evaluation._encoding import PooledFrames, frames, frames_of_layers, represent, represent_layers
from probeline.models.time_pooling import Pool

BATCH = 256
MAX_FRAME_BYTES = 2**29
"""Of frames that are kept for the protocols after the one that asked for them."""

ANOTHER = 0x5EED
"""Turns a trial's seed into another, so that evaluation draws numbers that training did not."""


def spaces(h: Tensor, z: Tensor | None) -> dict[str, Tensor]:
    """`h` [N, dim], and `z` [N, ...] as [N, D] where there is one, by name."""
    return {"h": h} if z is None else {"h": h, "z": z.flatten(1)}


@dataclass(frozen=True)
class ViewPairs:
    """Two views each of N samples. ha, hb: [N, dim]; za, zb: [N, ...] as the loss reads them; labels: [N], or -1."""

    ha: Tensor
    hb: Tensor
    za: Tensor
    zb: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice) -> ViewPairs:
        return ViewPairs(*(column[rows] for column in self.columns()))

    def columns(self) -> tuple[Tensor, ...]:
        """The tensors, in the order of the fields."""
        return tuple(getattr(self, one.name) for one in fields(self))

    def spaces(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Both views' `h` and `z`, by name, each [N, D]."""
        return {"h": (self.ha, self.hb), "z": (self.za.flatten(1), self.zb.flatten(1))}


def _alike(split: Split, shuffle: bool) -> Sampler | None:
    """What draws batches of samples of about one length; None where all are of one."""
    if not isinstance(split.inputs, Ragged):
        return None
    return LengthBuckets(split.inputs.lengths) if shuffle else by_length(split.inputs.lengths)


@dataclass(frozen=True)
class FrozenMethod:
    """A method in evaluation mode without gradients, and the data it was trained on, without test labels."""

    method: Method
    dataset: Dataset
    device: torch.device
    seed: int
    on: Hidden
    """(method, its data set, data component) -> evidence: how the trial looks at another data set."""
    heartbeat: Callable[[], None] = lambda: None
    """Called at every batch: a sign of life to whoever waits for the trial."""
    _pairs: dict[str, ViewPairs] = field(default_factory=dict, compare=False, repr=False)
    """The most pairs computed of each part: several protocols look at them."""
    _frames: dict[tuple[str, int | None], Frames] = field(default_factory=dict, compare=False, repr=False)
    """Frames by part and layer, as far as MAX_FRAME_BYTES go."""

    def encoder(self) -> nn.Module:
        """A trainable copy of the encoder, for fine-tuning."""
        return deepcopy(self.method.encoder).requires_grad_(True).train()

    def batches(
        self, part: str, batch_size: int, *, epoch: int = 0, shuffle: bool = False, alike: bool = False
    ) -> Iterator[Batch]:
        """Samples of `part` (train, validation or test) as the encoder takes them; labels of the test part are -1.

        `alike`: those of a batch are of about one length, so that little is padded; `Batch.index` has their rows.
        """
        split = self.dataset.split(part)
        for batch in batches(
            split,
            batch_size,
            seed=self.seed,
            epoch=epoch,
            device=self.device,
            shuffle=shuffle,
            drop_last=False,
            sampler=_alike(split, shuffle) if alike else None,
        ):
            self.heartbeat()
            yield batch

    def with_train_rows(self, rows: Tensor) -> FrozenMethod:
        """The same subject with only some samples, [n] row numbers, in its training part."""
        few = self.dataset.train[rows.cpu().numpy()]
        return replace(self, dataset=replace(self.dataset, train=few), _pairs={}, _frames={})

    def frames(self, part: str, layer: int | None = None) -> Frames:
        """The frames of every sample of `part`, of a layer or of the encoder's output. Not to be written to.

        Raises NotApplicable where the encoder keeps no frames or has no such layer.
        """
        if (part, layer) in self._frames:
            return self._frames[part, layer]
        computed = frames(self.method.encoder, self.dataset.split(part), self.device, layer, self.heartbeat)
        if self._kept_bytes + computed.values.nbytes <= MAX_FRAME_BYTES:
            self._frames[part, layer] = computed
        return computed

    def read_layers(self, part: str, layers: Sequence[int | None]) -> None:
        """Keeps several layers for `frames`, by two passes over `part` and not one each, where so much may be kept."""
        first, *others = [layer for layer in layers if (part, layer) not in self._frames] or [None]
        if others and self.frames(part, first).values.nbytes * len(others) + self._kept_bytes <= MAX_FRAME_BYTES:
            encoder, split = self.method.encoder, self.dataset.split(part)
            computed = frames_of_layers(encoder, split, self.device, others, self.heartbeat)
            self._frames.update({(part, layer): each for layer, each in zip(others, computed, strict=True)})

    @property
    def _kept_bytes(self) -> int:
        return sum(each.values.nbytes for each in self._frames.values())

    def pooled(self, part: str, frames: PooledFrames) -> Tensor:
        """A vector of the frames of every sample of `part`, [N, D]. Raises NotApplicable."""
        return represent(self.method.encoder, self.dataset.split(part), self.device, frames, self.heartbeat)[0]

    def layers(self, part: str, pool: Pool = "mean") -> list[Tensor]:
        """A vector of every layer's frames, [N, D] each, of every sample of `part`; [] where there are no layers."""
        return represent_layers(self.method.encoder, self.dataset.split(part), self.device, pool, self.heartbeat)

    @torch.no_grad()
    def represent(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """h [N, dim] and z [N, ...], or None, of samples as the encoder takes them."""
        h = self.method.encoder(inputs, lengths).h.float()
        z = self.method.project(h)
        return h, None if z is None else z.float()

    @torch.no_grad()
    def pairs(self, part: str, count: int) -> ViewPairs:
        """Two views each of the first `count` samples of `part` (fewer where it is smaller), in evaluation mode.

        Views are the method's own, drawn as in a training of another seed. They are computed in batches of one size and
        kept, so they do not depend on what was asked before. Not to be written to.

        Raises:
            NotApplicable: the method does not make two views of a sample.
        """
        if not self.method.two_views:
            name = type(self.method).__name__
            raise NotApplicable(f"{name} does not make two views of a sample, so there are no pairs to look at")
        count = min(count, len(getattr(self.dataset, part)))
        if part not in self._pairs or len(self._pairs[part]) < count:
            pairs = [self._pair(batch) for batch in islice(self.batches(part, BATCH), -(-count // BATCH))]
            self._pairs[part] = ViewPairs(*map(torch.cat, zip(*(pair.columns() for pair in pairs), strict=True)))
        return self._pairs[part][:count]

    def _pair(self, batch: Batch) -> ViewPairs:
        outputs = self.method(self.method.views(batch, SampleRNG(self.seed ^ ANOTHER, 0, batch.index)))
        (ha, hb), (za, zb) = outputs.h.float().chunk(2), outputs.z.float().chunk(2)
        return ViewPairs(ha, hb, za, zb, batch.labels)
