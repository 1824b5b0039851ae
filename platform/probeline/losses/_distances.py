"""Means over the distances of all pairs of rows, block by block, with the gradient taken in the forward pass.

A loss on the triplets of a batch is one scalar, so the gradient of each block of distances is known as soon as the
block is: only the gradient with respect to the rows is held, [N, D], and no block is computed twice.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from probeline.losses._pairs import at_least_float32

CPU_ELEMENTS = 2**18
"""Distances in memory at a time: 1 MiB in float32, of which mining holds about a dozen tensors."""

DEVICE_ELEMENTS = 2**23

RowSums = Callable[[Tensor, slice], tuple[Tensor, Tensor]]
"""(distances [R, N], rows of the N that these are) -> the sum of their values and the sum of the values' weights."""


def samples_and_labels(z: Tensor, labels: Tensor) -> Tensor:
    """`z` [N, D] in float32 or better. Raises ValueError unless `labels` has one for each of the rows."""
    if z.ndim != 2 or not z.numel() or labels.shape != z.shape[:1]:
        raise ValueError(f"z is [N, D] and labels [N], one a sample; got {[*z.shape]} and {[*labels.shape]}")
    return at_least_float32(z)


def block_rows(count: int, device: torch.device, rows: int | None) -> int:
    """Rows of a block: `rows`, else as many as the budget allows. Raises ValueError for less than 1."""
    if rows is not None and rows < 1:
        raise ValueError(f"block_rows is {rows}; it must be at least 1")
    budget = CPU_ELEMENTS if device.type == "cpu" else DEVICE_ELEMENTS
    return min(count, rows or max(16, budget // count))


def mean_over_distances(z: Tensor, row_sums: RowSums, squared: bool, rows: int | None) -> Tensor:
    """The sum of the values over the sum of their weights, a scalar; 0 where no weight is above 0.

    Args:
        z: [N, D].
        row_sums: called for each block of Euclidean distances; differentiable once, and the sum of weights not at all.
        squared: gives it squared distances.
        rows: of a block; None chooses.
    """
    value = _MeanOverDistances.apply(z, row_sums, squared, block_rows(len(z), z.device, rows))
    return value + 0.0 * z.sum()  # what is not a number stays so, also where no distance with it was chosen


class _MeanOverDistances(torch.autograd.Function):
    """Saves the gradient with respect to z."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, row_sums: RowSums, squared: bool, rows: int) -> Tensor:
        centred = z - z.mean(0)  # distances are the same, and lose fewer digits
        gradient = torch.zeros_like(z) if ctx.needs_input_grad[0] else None
        total, weight = z.new_zeros(2, dtype=torch.float64)
        for start in range(0, len(z), rows):
            now = slice(start, min(start + rows, len(z)))
            distances = distances_of(centred[now], centred, squared).requires_grad_(gradient is not None)
            with torch.enable_grad():
                value, counted = row_sums(distances, now)
            total, weight = total + value.detach(), weight + counted.detach()
            if gradient is not None and value.requires_grad:
                (share,) = torch.autograd.grad(value, distances)
                _add_gradient(gradient, centred, now, _of_squares(share, distances.detach(), squared))
        inverse = torch.where(weight > 0, 1 / weight, 0.0)
        if gradient is not None:
            ctx.save_for_backward(gradient.mul_(inverse.to(z.dtype)))
        return (total * inverse).to(z.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream, None, None, None


def distances_of(some: Tensor, all_: Tensor, squared: bool) -> Tensor:
    """[R, N] Euclidean distances of [R, D] to [N, D]; what is within rounding of 0 is 0."""
    squares = (some.square().sum(1)[:, None], all_.square().sum(1)[None])
    scale = squares[0] + squares[1]
    product = torch.addmm(scale, some, all_.T, alpha=-2)
    product = torch.where(product < 8 * torch.finfo(product.dtype).eps * scale, 0.0, product)
    return product if squared else product.sqrt_()


def _of_squares(share: Tensor, distances: Tensor, squared: bool) -> Tensor:
    """The gradient with respect to squared distances, times 2; a distance of 0 has none."""
    if squared:
        return share.mul_(2) if share.is_contiguous() else share * 2
    return torch.where(distances > 0, share / distances, 0.0)


def _add_gradient(gradient: Tensor, z: Tensor, now: slice, share: Tensor) -> None:
    """Adds to `gradient` [N, D] what the block `share` [R, N] gives: share_ij (z_i - z_j) to row i, minus it to j."""
    gradient[now] += share.sum(1)[:, None] * z[now] - share @ z
    gradient += share.sum(0)[:, None] * z - share.T @ z[now]
