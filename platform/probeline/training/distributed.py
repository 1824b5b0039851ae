"""The rows of all workers, with gradient, and the parameter gradients of the whole batch.

W workers hold the same parameters p; worker r makes outputs z_r of its own slice of the batch, gathers z = (z_1..z_W)
and computes the whole loss L(z, p). Summed over workers that is W L. The backward pass of `gather` sums dL/dz over
workers and takes the own slice, W dL/dz_r, so worker r's parameters hold W (dz_r/dp)^T dL/dz_r + dL/dp. The first
term's sum over workers is W times its gradient, and so is the second's, which belongs to heads and biases used within
the loss. Their MEAN over workers is therefore exactly the gradient in one process. (Without the sum in `gather`, the
usual mistake, the mean is too small by W for the encoder, and a sum over workers is too large by W for what the loss
itself uses.)
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

BUCKET = 2**23
"""Numbers sent at a time: enough to fill a network, few enough not to hold the gradient twice."""


def gather(rows: Tensor, samples: Sequence[int]) -> Tensor:
    """The whole batch [V * sum(samples), ...], view-major, from this worker's [V * samples[rank], ...], view-major.

    samples: how many samples each worker has, at least one, the same list on all workers; slices are in order of rank.
    Raises ValueError where the rows are no multiple of this worker's samples.
    """
    own = samples[dist.get_rank()]
    if own < 1 or len(rows) % own:
        raise ValueError(
            f"distributed.gather: {len(rows)} rows are not whole views of {own} samples; give samples >= 1"
        )
    views = len(rows) // own
    return _Gather.apply(rows.unflatten(0, (views, own)), list(samples)).flatten(0, 1)


def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Makes every gradient the mean over workers; a parameter without one, as all run one graph, has none on any."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    weighted_sum(gradients, 1 / dist.get_world_size())


@torch.no_grad()
def weighted_sum(tensors: Sequence[Tensor], weight: float) -> None:
    """Every tensor becomes the sum over workers of `weight`, a worker's own, times it; many go in one message."""
    for bucket in _buckets(tensors):
        flat = torch.cat([tensor.reshape(-1) for tensor in bucket]).mul_(weight)
        dist.all_reduce(flat)
        _give_back(flat, bucket)


@torch.no_grad()
def from_first(tensors: Sequence[Tensor]) -> None:
    """Every tensor becomes that of the first worker."""
    for bucket in _buckets(tensors):
        flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
        dist.broadcast(flat, 0)
        _give_back(flat, bucket)


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """The tensors in order, those of one type together, about BUCKET numbers at a time."""
    kinds: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for tensor in tensors:
        bucket = kinds.setdefault((tensor.dtype, tensor.device), [])
        bucket.append(tensor)
        if sum(one.numel() for one in bucket) >= BUCKET:
            yield kinds.pop((tensor.dtype, tensor.device))
    yield from kinds.values()


def _give_back(flat: Tensor, bucket: Sequence[Tensor]) -> None:
    for tensor, part in zip(bucket, flat.split([tensor.numel() for tensor in bucket]), strict=True):
        tensor.copy_(part.view(tensor.shape))


class _Gather(torch.autograd.Function):
    """[V, own, ...] -> [V, all, ...]; slices are filled up to the longest, as gloo gathers equal shapes only."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, samples: list[int]) -> Tensor:
        ctx.samples = samples
        filled = rows.new_zeros(rows.shape[0], max(samples), *rows.shape[2:])
        filled[:, : rows.shape[1]] = rows
        parts = [torch.empty_like(filled) for _ in samples]
        dist.all_gather(parts, filled)
        return torch.cat([part[:, :count] for part, count in zip(parts, samples, strict=True)], dim=1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        rank = dist.get_rank()
        start = sum(ctx.samples[:rank])
        return gradient[:, start : start + ctx.samples[rank]], None
