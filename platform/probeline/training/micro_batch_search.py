"""What to do when a device's memory is too small for a batch: the micro-batch that fits, measured on a few samples."""

import gc
from copy import deepcopy

import torch
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.device_memory import free_memory
from probeline.training.data_parallel import chunks_of
from probeline.training.gradient_cache import Chunk, join
from probeline.training.loop import Loop
from probeline.training.rng_state import random_state

LESS = "lower training.batch_size or encoder.width, or give the trial a larger device"
BESIDES = 1.5
"""Memory of a chunk over what its backward pass keeps: gradients of activations and the kernels' work space."""

HEADROOM = 0.9
"""Of the free memory; the rest is lost to fragments."""


def advice(loop: Loop) -> str:
    """What to change after the loop's device ran out of memory; call it when the error's traceback is gone."""
    try:
        free = freed(loop)
        return LESS if free is None else fitting(loop, free)[1]
    except torch.OutOfMemoryError:
        return LESS


def smaller(loop: Loop) -> int | None:
    """The micro-batch to go on with after memory ran out; None where it would change numbers, or none should fit.

    Call it when the error's traceback is gone. On a CPU nothing can be measured, and it is half of the last one.
    """
    last = loop.training.micro_batch or loop.training.batch_size
    try:
        free = freed(loop)
        if last < 2 or not treats_samples_apart(loop):
            return None
        return last // 2 if free is None else fitting(loop, free)[0]
    except torch.OutOfMemoryError:
        return None


def freed(loop: Loop) -> int | None:
    """Lets go of what the failed step held; the bytes free to it on the device, None on a CPU."""
    loop.optimizer.zero_grad(set_to_none=True)
    gc.collect()
    if loop.device.type != "cuda":
        return None
    torch.cuda.empty_cache()
    return free_memory(loop.device)


@torch.no_grad()
def treats_samples_apart(loop: Loop) -> bool:
    """Whether `forward` looks at each sample alone: then gradient caching gives the whole batch's gradient.

    Tried in training mode on a few samples: it draws no random numbers, moves no buffer, and gives in two chunks what
    it gives at once, up to rounding. Batch norm and dropout do not pass.
    """
    few = 4  # in chunks of two, as batch norm cannot take one
    batch = next(loop.batches(few))
    method = deepcopy(loop.method).train()
    before, random = deepcopy(method.state_dict()), random_state(loop.device)
    chunks = [
        Chunk(method, batch, SampleRNG(0, 0, batch.index), *ends) for ends in ((0, few), *chunks_of(few, few // 2))
    ]
    whole, *parts = [method(chunk.views()).named() for chunk in chunks]
    after = random_state(loop.device)
    random_numbers_drawn = [
        a is not None and b is not None and not torch.equal(a, b) for a, b in zip(random, after, strict=True)
    ]
    changed_buffers = [not torch.equal(value, before[name]) for name, value in method.state_dict().items()]
    apart = [alike(rows, join([part[name] for part in parts], chunks[1:])) for name, rows in whole.items()]
    return all(apart) and not any(changed_buffers) and not any(random_numbers_drawn)


def alike(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors differ by no more than rounding."""
    a, b = a.float(), b.float()
    return torch.allclose(a, b, rtol=1e-4, atol=1e-5 * float(a.abs().max()))


def fitting(loop: Loop, free: int) -> tuple[int | None, str]:
    """The largest power of two that should fit as training.micro_batch into `free` bytes, measured, not tried.

    None where none should; and the same in words.
    """
    training = loop.training
    few = max(2, min(8, training.batch_size // 2))
    (small, _), (large, outputs) = (kept_bytes(loop, count) for count in (few // 2, few))
    per_sample = max(1, (large - small) // (few - few // 2))
    weights = sum(weight.nbytes for weight in loop.method.parameters())
    sample = loop.data.inputs.nbytes // len(loop.data) * 4  # float32 of 8 bits
    # For the whole batch: pixels, and outputs as parts, joined, and with a gradient; gradients and moments of weights.
    fixed = training.batch_size * (2 * sample + 3 * outputs // few) + 3 * weights
    room = (HEADROOM * free - fixed) / (BESIDES * per_sample)
    below = training.micro_batch or training.batch_size
    fits = largest_power_of_two(min(room, below - 1))
    measured = f"a sample keeps {per_sample / 2**20:.3g} MiB for the backward pass, {free / 2**30:.3g} GiB are free"
    if fits is None:
        return None, f"{LESS}; no micro-batch below {below} fits ({measured})"
    return fits, f"set training.micro_batch: {fits}, which should fit ({measured}), or {LESS}"


def kept_bytes(loop: Loop, samples: int) -> tuple[int, int]:
    """Bytes that a forward pass of so many samples keeps for the backward pass, weights aside, and of its outputs."""
    batch = next(loop.batches(samples))
    weights = {weight.untyped_storage().data_ptr() for weight in loop.method.parameters()}
    bytes_by_address: dict[int, int] = {}
    alive = []  # so that no address is given out twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            bytes_by_address[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        views = loop.method.views(batch, SampleRNG(0, 0, batch.index))
        with loop.precision():
            outputs = loop.method(views)
    return sum(bytes_by_address.values()), sum(tensor.nbytes for tensor in outputs.named().values())


def largest_power_of_two(bound: float) -> int | None:
    """The largest one that is at most `bound`; None below 1."""
    return None if bound < 1 else 1 << (int(bound).bit_length() - 1)
