"""Batches of a split on the training device, in an order that is a pure function of (seed, epoch).

A split that takes at most a quarter of the memory that this process has free on the device is copied there once, as it
is stored, and batches are gathered there. A larger one stays in the memory-mapped file: batches are gathered on the
host, in pinned memory, and copied without waiting.
"""

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from probeline.core.batch import Batch
from probeline.core.dataset import Split
from probeline.core.sample_rng import GOLDEN, splitmix64
from probeline.data.device_memory import free_memory

RESIDENT_SHARE = 0.25  # of the memory that is free to this process
ALL = slice(None)
EPOCH_FACTOR = 0xD1B54A32D192ED03


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
) -> Iterator[Batch]:
    """One pass over the split. The same (seed, epoch) gives the same order on every device.

    `rows`: what to read of each batch of `batch_size`; others have the rest.

    Raises ValueError where `drop_last` would leave no batch at all.
    """
    if drop_last and batch_size > len(split):
        raise ValueError(f"batch size {batch_size} is above the {len(split)} samples of the split")
    order = _order(len(split), seed, epoch, shuffle)
    order = order[: len(order) - len(order) % batch_size] if drop_last else order
    return _batches(split, batch_size, order, _indexed(device), rows)


def _batches(split: Split, batch_size: int, order: Tensor, device: torch.device, rows: slice) -> Iterator[Batch]:
    inputs, labels = _placed(split, device)
    if inputs.device == device:
        order = _sent(order, device)
    for start in range(0, len(order), batch_size):
        index = order[start : start + batch_size][rows]
        pixels = _gather(inputs, index, device)
        yield Batch(
            inputs=as_inputs(pixels),
            labels=_gather(labels, index, device),
            index=_sent(index, device),
        )


def as_inputs(pixels: Tensor) -> Tensor:
    """uint8 or uint16 [B, H, W, C] -> float32 [B, C, H, W] in [0, 1], channels_last: what an encoder is given."""
    white = 65535 if pixels.dtype == torch.uint16 else 255
    return pixels.permute(0, 3, 1, 2).to(torch.float32).div_(white)


def _indexed(device: torch.device | str) -> torch.device:
    """`cuda` as `cuda:0`, so that it equals the device of the tensors on it."""
    return torch.empty(0, device=device).device


def _order(count: int, seed: int, epoch: int, shuffle: bool) -> Tensor:
    if not shuffle:
        return torch.arange(count)
    one_of_two = splitmix64(seed * GOLDEN + epoch * EPOCH_FACTOR + 1)  # (1, 2) and (2, 1) have nothing in common
    generator = torch.Generator().manual_seed(one_of_two % 2**63)
    return torch.randperm(count, generator=generator)


_resident: WeakKeyDictionary[Split, tuple[torch.device, Tensor, Tensor]] = WeakKeyDictionary()


def _placed(split: Split, device: torch.device) -> tuple[Tensor, Tensor]:
    """Inputs and labels on the device where they fit its share, else on the host; copied once in a split's life."""
    inputs, labels = torch.from_numpy(split.inputs), torch.from_numpy(split.labels)
    if device.type != "cuda":
        return inputs, labels
    resident = _resident.get(split)
    if resident is None or resident[0] != device:
        if split.inputs.nbytes <= RESIDENT_SHARE * free_memory(device):
            inputs, labels = inputs.to(device), labels.to(device)
        resident = _resident[split] = (device, inputs, labels)
    return resident[1], resident[2]


def _gather(rows: Tensor, index: Tensor, device: torch.device) -> Tensor:
    """Some rows; 16-bit pixels go as whole numbers with a sign, which every device gathers and copies."""
    signed = rows.view(torch.int16) if rows.dtype == torch.uint16 else rows
    return _sent(signed.index_select(0, index), device).view(rows.dtype)


def _sent(tensor: Tensor, device: torch.device) -> Tensor:
    """On the device, without waiting for it; pinned memory is reused only after the copy has ended."""
    if tensor.device == device or device.type == "cpu":
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True)
