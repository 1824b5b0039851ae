"""The rows of all workers, with gradient, and the parameter gradients of the whole batch.

W workers hold the same parameters p; worker r makes outputs z_r of its own slice of the batch, gathers z = (z_1..z_W)
and computes the whole loss L(z, p). Summed over workers that is W L. The backward pass of `gather` sums dL/dz over
workers and takes the own slice, W dL/dz_r, so worker r's parameters hold W (dz_r/dp)^T dL/dz_r + dL/dp. The first
term's sum over workers is W times its gradient, and so is the second's, which belongs to heads and biases used within
the loss. Their MEAN over workers is therefore exactly the gradient in one process. (Without the sum in `gather`, the
usual mistake, the mean is too small by W for the encoder, and a sum over workers is too large by W for what the loss
itself uses.)
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


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
    """Makes every trained parameter's gradient the mean over workers; one that is None on a worker counts as zero."""
    for parameter in parameters:
        if parameter.requires_grad:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            dist.all_reduce(parameter.grad)
            parameter.grad /= dist.get_world_size()


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
