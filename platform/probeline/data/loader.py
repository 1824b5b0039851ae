"""Batches of a split on the training device, in an order that is a pure function of (seed, epoch).

A split that takes at most a quarter of the memory that this process has free on the device is copied there once, as it
is stored, and batches are gathered there. A larger one stays in the memory-mapped file: batches are gathered on the
host, in pinned memory, and copied without waiting.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from probeline.core.batch import Batch
from probeline.core.columns import Column, Ragged
from probeline.core.dataset import Split
from probeline.core.sample_rng import SampleRNG
from probeline.core.sampler import EpochPlan, Sampler
from probeline.data.device_memory import free_memory
from probeline.data.samplers import InOrder, Samples

RESIDENT_SHARE = 0.25  # of the memory that is free to this process
ALL = slice(None)


def batches(
    split: Split,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    device: torch.device | str,
    shuffle: bool = True,
    drop_last: bool = True,
    rows: slice = ALL,
    sampler: Sampler | None = None,
    window: int | None = None,
    label: str | None = None,
) -> Iterator[Batch]:
    """One pass over the split. The same (seed, epoch) gives the same order on every device.

    Args:
        rows: what to read of each batch of `batch_size`; others have the rest.
        sampler: what draws the batches; None: every sample once, shuffled or in order.
        window: values of a longer sample that are taken, from a start that (seed, epoch, sample) decides; None: all.
            Shorter ones are padded to the longest of the batch.
        label: which label batches have; None: the main one.

    Raises ValueError where `drop_last` would leave no batch at all.
    """
    if sampler is None:
        sampler = Samples(len(split)) if shuffle else InOrder(len(split))
    if drop_last and sampler.steps(batch_size) < 1:
        raise ValueError(f"batch size {batch_size} is above the {sampler.numbers} samples of the split")
    plan = sampler.plan(seed, epoch, batch_size)
    count = plan.rows.shape[1]
    plan = plan[: count - count % batch_size] if drop_last else plan
    windows = _Windows(window, seed, epoch)
    return _batches(split, plan, batch_size, _indexed(device), rows, windows, label)


@dataclass(frozen=True)
class _Windows:
    """How much of a longer sample a batch has, and what decides where it starts."""

    width: int | None
    seed: int
    epoch: int

    def starts(self, index: Tensor, lengths: Tensor) -> Tensor:
        """int64 [B] of samples with numbers `index` [B] and `lengths` [B]: where a window that fits starts in each."""
        if self.width is None:
            return torch.zeros_like(lengths)
        draws = SampleRNG(self.seed, self.epoch, index).fold_in("window").uniform(1)[:, 0]
        return (draws.double() * ((lengths - self.width).clamp_min(0) + 1)).long()


def _batches(
    split: Split,
    plan: EpochPlan,
    batch_size: int,
    device: torch.device,
    rows: slice,
    windows: _Windows,
    label: str | None,
) -> Iterator[Batch]:
    column, labels = _placed(split, device, label)
    here = plan.map(lambda part: _sent(part, column.values.device))
    for start in range(0, plan.rows.shape[1], batch_size):
        whole = slice(start, start + batch_size)
        own = here[whole][rows]
        index = (own.rows if own.index is None else own.index).flatten()
        inputs, lengths = column.gather(own, index, windows, plan.rows[:, whole])
        yield Batch(
            inputs=as_inputs(_sent(inputs, device).view(column.values.dtype)),
            labels=_labels(labels, own, device),
            index=_sent(index, device),
            lengths=None if lengths is None else _sent(lengths, device),
            same=None if own.same is None else _sent(own.same, device),
            roles=len(own.rows),
        )


def _labels(labels: Tensor, plan: EpochPlan, device: torch.device) -> Tensor:
    """int64 [K * B]; windows over several samples have none."""
    if plan.starts is not None:
        return torch.full_like(_sent(plan.starts, device), -1)
    return _sent(labels.index_select(0, plan.rows.flatten()), device)


@dataclass(frozen=True)
class _DenseRows:
    """Samples of one shape. values: [N, ...]."""

    values: Tensor

    def gather(self, plan: EpochPlan, index: Tensor, windows: _Windows, whole: Tensor) -> tuple[Tensor, None]:
        """[K * B, ...]; 16-bit pixels as whole numbers with a sign, which every device gathers and copies."""
        values = self.values.view(torch.int16) if self.values.dtype == torch.uint16 else self.values
        return values.index_select(0, plan.rows.flatten()), None


@dataclass(frozen=True)
class _RaggedRows:
    """Samples of different lengths. values: [sum of T, ...]; offsets: [N + 1]; host_lengths: [N], never on a device."""

    values: Tensor
    offsets: Tensor
    host_lengths: Tensor

    def gather(self, plan: EpochPlan, index: Tensor, windows: _Windows, whole: Tensor) -> tuple[Tensor, Tensor | None]:
        """[K * B, T, ...], 0 beyond a sample's end, and how many of the T are real; None where all are.

        `whole`: the rows of the whole batch, on the host; T is theirs, so that parts on several workers go together.
        """
        if plan.starts is not None:
            return self._values(plan.starts, None, windows.width or 1), None
        rows = plan.rows.flatten()
        first, lengths = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
        longest = max(1, int(self.host_lengths[whole.flatten()].max()))
        width = min(longest, windows.width or longest)
        lengths_in_window = lengths.clamp_max(width)
        starts = first + windows.starts(index, lengths)
        return self._values(starts, lengths_in_window, width), lengths_in_window

    def _values(self, starts: Tensor, lengths: Tensor | None, width: int) -> Tensor:
        """[B, width, ...] from each start on."""
        steps = torch.arange(width, device=starts.device)
        at = starts[:, None] + steps
        if lengths is None:
            return self.values[at]
        values = self.values[at.clamp_max(max(0, len(self.values) - 1))]
        outside = steps >= lengths[:, None]
        return values.masked_fill_(outside.reshape(*outside.shape, *[1] * (values.ndim - 2)), 0)


def as_inputs(values: Tensor) -> Tensor:
    """Stored samples as an encoder takes them, see `Batch`; images become channels_last."""
    if values.dtype == torch.float32:
        return values
    if values.dtype == torch.int32:
        return values.long()
    if values.dtype == torch.int16:
        return values.to(torch.float32).div_(32768)
    white = 65535 if values.dtype == torch.uint16 else 255
    return values.permute(0, 3, 1, 2).to(torch.float32).div_(white)


def _indexed(device: torch.device | str) -> torch.device:
    """`cuda` as `cuda:0`, so that it equals the device of the tensors on it."""
    return torch.empty(0, device=device).device


_resident: WeakKeyDictionary[Split, tuple[torch.device, _DenseRows | _RaggedRows, Tensor]] = WeakKeyDictionary()


def _placed(split: Split, device: torch.device, label: str | None) -> tuple[_DenseRows | _RaggedRows, Tensor]:
    """Inputs and labels on the device where they fit its share, else on the host; inputs are copied once."""
    labels = torch.from_numpy(split.label(label))
    if device.type != "cuda":
        return _tensors(split.inputs, device), labels
    resident = _resident.get(split)
    if resident is None or resident[0] != device:
        fits = split.inputs.nbytes <= RESIDENT_SHARE * free_memory(device)
        column = _tensors(split.inputs, device if fits else torch.device("cpu"))
        main = torch.from_numpy(split.labels)
        resident = _resident[split] = (device, column, main.to(device) if fits else main)
    column = resident[1]
    return column, resident[2] if label is None else labels.to(column.values.device)


def _tensors(column: Column, device: torch.device) -> _DenseRows | _RaggedRows:
    if not isinstance(column, Ragged):
        return _DenseRows(torch.from_numpy(column).to(device))
    lengths = torch.from_numpy(np.ascontiguousarray(column.lengths))
    return _RaggedRows(torch.from_numpy(column.values).to(device), torch.from_numpy(column.offsets).to(device), lengths)


def _sent(tensor: Tensor, device: torch.device) -> Tensor:
    """On the device, without waiting for it; pinned memory is reused only after the copy has ended."""
    if tensor.device == device or device.type == "cpu":
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True)
