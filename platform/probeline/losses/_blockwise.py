"""Sums over all pairs of rows in blocks of rows, recomputed in the backward pass: memory grows with B, not B squared.

The idea of streaming a contrastive loss in tiles: Cheng et al. 2024, Inf-CL, arXiv 2410.17243. A block here spans all
candidates, so each row's sum is complete in one pass and nothing is carried from tile to tile.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from probeline.losses._pairs import ViewComparison

CPU_ELEMENTS = 2**21
"""Similarities in memory at a time by default: 8 MiB in float32, near a core's cache."""

DEVICE_ELEMENTS = 2**24
"""The same on a device: 64 MiB, enough for a block's product to take many times as long as its launches."""

RowValue = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def elements_at_a_time(device: torch.device) -> int:
    """The number of similarities in memory at a time by default."""
    return CPU_ELEMENTS if device.type == "cpu" else DEVICE_ELEMENTS


def block_size(anchors: Tensor, candidates: Tensor, rows: int | None) -> int:
    """Rows of a block: `rows`, else as many as `elements_at_a_time` allows. Raises ValueError for less than 1."""
    if rows is not None and rows < 1:
        raise ValueError(f"block_rows is {rows}; it must be at least 1")
    return min(len(anchors), rows or max(16, elements_at_a_time(anchors.device) // len(candidates)))


def row_logsumexp(anchors: Tensor, candidates: Tensor, excluded: tuple[int, ...], rows: int | None) -> Tensor:
    """[N] log sum_j exp(anchors_i . candidates_j) over the M candidates, (i + offset) mod M left out.

    `rows`: anchors taken at a time. None: all at once up to `elements_at_a_time`, else as many as that allows.
    """
    if rows is None and len(anchors) * len(candidates) <= elements_at_a_time(anchors.device):
        return torch.logsumexp(_without(anchors @ candidates.T, 0, excluded), dim=1)
    return _RowLogSumExp.apply(anchors, candidates, excluded, block_size(anchors, candidates, rows))


class _RowLogSumExp(torch.autograd.Function):
    """Saves the two inputs and the N results; every block of similarities is computed twice."""

    @staticmethod
    def forward(ctx: Any, anchors: Tensor, candidates: Tensor, excluded: tuple[int, ...], rows: int) -> Tensor:
        sums = anchors.new_empty(len(anchors))
        for start in range(0, len(anchors), rows):
            block = _without(anchors[start : start + rows] @ candidates.T, start, excluded)
            largest = block.amax(1, keepdim=True)
            sums[start : start + rows] = block.sub_(largest).exp_().sum(1).log_().add_(largest[:, 0])
        ctx.save_for_backward(anchors, candidates, sums)
        ctx.excluded, ctx.rows = excluded, rows
        return sums

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None, None]:
        anchors, candidates, sums = ctx.saved_tensors
        to_anchors, to_candidates = torch.empty_like(anchors), torch.zeros_like(candidates)
        with torch.autocast(anchors.device.type, enabled=False):
            for start in range(0, len(anchors), ctx.rows):
                now = slice(start, start + ctx.rows)
                share = _without(anchors[now] @ candidates.T, start, ctx.excluded)
                share.sub_(sums[now, None]).exp_().mul_(upstream[now, None])
                torch.mm(share, candidates, out=to_anchors[now])
                to_candidates.addmm_(share.T, anchors[now])
        return to_anchors, to_candidates, None, None


def mean_over_negatives(comparisons: list[ViewComparison], row_value: RowValue) -> Tensor:
    """The mean of `row_value` over the anchors for which it has a value; 0 where it has none for any.

    `row_value(similarities [R, M], positives [R, 1], negative: mask [R, M])` returns values [R] and which of them
    count.
    """
    totals, counts = zip(*(_over_negatives(comparison, row_value) for comparison in comparisons), strict=True)
    return sum(totals) / sum(counts).clamp(min=1)


def _over_negatives(comparison: ViewComparison, row_value: RowValue) -> tuple[Tensor, Tensor]:
    """The sum of the values that count over all anchors, and their number."""
    own = (*comparison.own, comparison.positive)

    def of_block(anchors: Tensor, candidates: Tensor, start: int) -> tuple[Tensor, Tensor]:
        similarities = anchors @ candidates.T
        negative = _without(torch.ones_like(similarities, dtype=torch.bool), start, own, value=False)
        positive = similarities.gather(1, _columns(similarities, start, comparison.positive))
        values, counted = row_value(similarities, positive, negative)
        return torch.where(counted, values, 0.0).sum(), counted.sum()

    rows = block_size(comparison.anchors, comparison.candidates, None)
    blocks = [
        checkpoint(
            of_block,
            comparison.anchors[start : start + rows],
            comparison.candidates,
            start,
            use_reentrant=False,
            preserve_rng_state=False,
        )
        for start in range(0, len(comparison.anchors), rows)
    ]
    totals, counts = zip(*blocks, strict=True)
    return torch.stack(totals).sum(), torch.stack(counts).sum()


def hardest(similarities: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """[R] the largest allowed similarity of each row, and [R] whether it has one."""
    exists = allowed.any(1)
    largest = similarities.masked_fill(~allowed, -torch.inf).amax(1)
    return torch.where(exists, largest, 0.0), exists


def mean_of_allowed(values: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """[R] the mean of the allowed values of each row, and [R] whether it has one."""
    count = allowed.sum(1)
    return torch.where(allowed, values, 0.0).sum(1) / count.clamp(min=1), count > 0


def _without(block: Tensor, start: int, offsets: tuple[int, ...], value: float | bool = -torch.inf) -> Tensor:
    """`block`, rows `start` and on of the matrix, with the entries (i + offset) mod M overwritten in place."""
    for offset in offsets:
        block.scatter_(1, _columns(block, start, offset), value)
    return block


def _columns(block: Tensor, start: int, offset: int) -> Tensor:
    """[R, 1] the column (i + offset) mod M of each row of the block."""
    return _shifted(len(block), start + offset, block.shape[1], block.device)


@lru_cache(maxsize=256)
def _shifted(rows: int, shift: int, columns: int, device: torch.device) -> Tensor:
    """[R, 1] (i + shift) mod `columns`, shared by all callers."""
    return ((torch.arange(rows, device=device) + shift) % columns)[:, None]
