"""What to do when a device's memory is too small for a batch: the micro-batch that fits, measured on a few samples."""

import gc

import torch
from torch import Tensor

from probeline.data.draws import Draws
from probeline.data.loader import batches
from probeline.training.loop import Loop

LESS = "lower training.batch_size or encoder.width, or give the trial a larger device"
BESIDES = 1.5
"""Memory of a chunk over what its backward pass keeps: gradients of activations and the kernels' work space."""

HEADROOM = 0.9
"""Of the free memory; the rest is lost to fragments."""


def advice(loop: Loop) -> str:
    """What to change after the loop's device ran out of memory; call it when the error's traceback is gone."""
    loop.optimizer.zero_grad(set_to_none=True)
    gc.collect()
    if loop.device.type != "cuda":
        return LESS
    torch.cuda.empty_cache()
    try:
        return fitting(loop, torch.cuda.mem_get_info(loop.device)[0])
    except torch.OutOfMemoryError:
        return LESS


def fitting(loop: Loop, free: int) -> str:
    """The largest power of two that should fit as training.micro_batch into `free` bytes; measured, not tried."""
    training = loop.training
    few = max(2, min(8, training.batch_size // 2))
    (small, _), (large, outputs) = (kept_bytes(loop, count) for count in (few // 2, few))
    per_sample = max(1, (large - small) // (few - few // 2))
    weights = sum(weight.nbytes for weight in loop.method.parameters())
    sample = loop.data.inputs[0].nbytes * 4  # float32 of 8 bits
    # For the whole batch: pixels, and outputs as parts, joined, and with a gradient; gradients and moments of weights.
    fixed = training.batch_size * (2 * sample + 3 * outputs // few) + 3 * weights
    room = (HEADROOM * free - fixed) / (BESIDES * per_sample)
    below = training.micro_batch or training.batch_size
    fits = largest_power_of_two(min(room, below - 1))
    measured = f"a sample keeps {per_sample / 2**20:.3g} MiB for the backward pass, {free / 2**30:.3g} GiB are free"
    if fits is None:
        return f"{LESS}; no micro-batch below {below} fits ({measured})"
    return f"set training.micro_batch: {fits}, which should fit ({measured}), or {LESS}"


def kept_bytes(loop: Loop, samples: int) -> tuple[int, int]:
    """Bytes that a forward pass of so many samples keeps for the backward pass, weights aside, and of its outputs."""
    batch = next(batches(loop.data, samples, seed=0, epoch=0, device=loop.device, shuffle=False))
    weights = {weight.untyped_storage().data_ptr() for weight in loop.method.parameters()}
    kept: dict[int, int] = {}
    alive = []  # so that no address is given out twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        views = loop.method.views(batch, Draws(0, 0, batch.index))
        with loop.precision():
            outputs = loop.method(views)
    return sum(kept.values()), sum(tensor.nbytes for tensor in (outputs.h, outputs.z, *outputs.extra.values()))


def largest_power_of_two(bound: float) -> int | None:
    """The largest one that is at most `bound`; None below 1."""
    return None if bound < 1 else 1 << (int(bound).bit_length() - 1)
