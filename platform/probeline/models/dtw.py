"""Dynamic time warping of many pairs of series at once, in the order of anti-diagonals.

H. Sakoe, S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition", IEEE TASSP 1978, with
steps (1, 1), (1, 0) and (0, 1) of equal weight and no slope limit.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Cost = Literal["euclidean", "squared", "cosine", "angular"]
"""Of two frames: |a - b|, |a - b|^2, 1 - cos(a, b), or the angle between them as a share of pi."""

MAX_CELLS = 2**22
"""Cells of cost matrices that are computed at once: 16 MiB of float32, held twice."""


@torch.no_grad()
def dtw_distances(
    series: tuple[np.ndarray, np.ndarray],
    first: np.ndarray,
    second: np.ndarray,
    cost: Cost = "euclidean",
    *,
    by_path_length: bool = False,
) -> np.ndarray:
    """float32 [P]: the distance of rows `first` and `second`, int64 [P], of series of varying length.

    Args:
        series: frames [sum T, F] of all series one after the other, and their offsets int64 [N + 1].
        by_path_length: divide by the steps of the cheapest path, so that long series are not far for their length.

    Raises:
        ValueError: a series of a pair is empty.
    """
    frames, offsets = torch.as_tensor(series[0], dtype=torch.float32), series[1]
    lengths = np.diff(offsets)
    sizes = lengths[first], lengths[second]
    if len(first) and min(int(sizes[0].min()), int(sizes[1].min())) < 1:
        raise ValueError("a series of a pair is empty; it has no path")
    distances = np.zeros(len(first), np.float32)
    for rows in _chunks(*sizes):
        a, b = (_padded(frames, offsets[side[rows]], lengths[side[rows]]) for side in (first, second))
        ends = torch.as_tensor(lengths[first[rows]]), torch.as_tensor(lengths[second[rows]])
        distances[rows] = (_per_step if by_path_length else dtw_of_costs)(frame_costs(a, b, cost), *ends).numpy()
    return distances


def _per_step(costs: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    total, steps = dtw_path_lengths(costs, rows, columns)
    return total / steps


def frame_costs(a: Tensor, b: Tensor, cost: Cost) -> Tensor:
    """[B, S, T] of a [B, S, F] and b [B, T, F]; a frame of zeros is at cosine 0 to all others."""
    if cost in ("cosine", "angular"):
        cosine = (F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).mT).clamp(-1, 1)
        return 1 - cosine if cost == "cosine" else torch.acos(cosine) / torch.pi
    distances = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.square() if cost == "squared" else distances


def dtw_of_costs(costs: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Cost [B] of the cheapest path from (0, 0) to (rows - 1, columns - 1).

    Args:
        costs: [B, S, T] of frames, not negative; what is padding is never read.
        rows: int64 [B], lengths along S, at least 1. columns: int64 [B], along T.
    """
    total, ends = torch.zeros_like(costs[:, 0, 0]), _Ends(rows, columns)
    before, previous, reached = _borders(costs)
    for diagonal, (low, high, cell) in enumerate(_diagonals(costs)):
        cheapest = torch.minimum(previous[low + 1 : high + 1], previous[low:high])
        torch.minimum(cheapest, before[low:high], out=cheapest)
        torch.add(cheapest, cell, out=reached[low + 1 : high + 1])
        ends.collect(diagonal, reached, total)
        before[0] = torch.inf
        before, previous, reached = previous, reached, before
    return total


def dtw_path_lengths(costs: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """What `dtw_of_costs` gives, and the number of cells [B] of that path.

    Of paths of one cost the number is that of the one which, from its end, goes back diagonally first, then by a
    column, then by a row.
    """
    total, ends = torch.zeros_like(costs[:, 0, 0]), _Ends(rows, columns)
    steps = torch.zeros_like(total)
    (before, previous, reached), counts = _borders(costs), [torch.zeros_like(each) for each in _borders(costs)]
    for diagonal, (low, high, cell) in enumerate(_diagonals(costs)):
        cheapest, count = before[low:high], counts[0][low:high]
        for start in (low + 1, low):  # (i, j - 1), then (i - 1, j)
            other, stop = previous[start : start + high - low], start + high - low
            better = other < cheapest
            cheapest, count = torch.where(better, other, cheapest), torch.where(better, counts[1][start:stop], count)
        torch.add(cheapest, cell, out=reached[low + 1 : high + 1])
        torch.add(count, 1, out=counts[2][low + 1 : high + 1])
        ends.collect(diagonal, reached, total)
        ends.collect(diagonal, counts[2], steps)
        before[0] = torch.inf
        before, previous, reached = previous, reached, before
        counts = [counts[1], counts[2], counts[0]]
    return total, steps


def _borders(costs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """[S + 1, B] of the two anti-diagonals before the first one, and one to write: row i is kept at i + 1.

    Infinite but for the corner from which (0, 0) is reached diagonally. As the last row of an anti-diagonal only
    grows, what stands below it in a buffer that is written again is infinite still.
    """
    before, previous, reached = costs.new_full((3, costs.shape[1] + 1, len(costs)), torch.inf)
    before[0] = 0
    return before, previous, reached


def _diagonals(costs: Tensor) -> Iterator[tuple[int, int, Tensor]]:
    """Of every anti-diagonal of costs [B, S, T] the rows low <= i < high that it crosses, and its cells [rows, B]."""
    _, height, width = costs.shape
    cells, stride = costs.permute(1, 2, 0).flatten(0, 1), max(1, width - 1)
    for diagonal in range(height + width - 1):
        low, high = max(0, diagonal - width + 1), min(height, diagonal + 1)
        first = low * width + diagonal - low
        yield low, high, cells[first : first + (high - low - 1) * stride + 1 : stride]


class _Ends:
    """Where the paths end: which pairs end on an anti-diagonal, and in which row."""

    def __init__(self, rows: Tensor, columns: Tensor) -> None:
        last = (rows + columns - 2).tolist()
        self._rows = rows
        self._pairs: dict[int, list[int]] = {}
        for pair, diagonal in enumerate(last):
            self._pairs.setdefault(diagonal, []).append(pair)

    def collect(self, diagonal: int, reached: Tensor, into: Tensor) -> None:
        """Copy what paths that end on the anti-diagonal have reached, [S + 1, B], into [B]."""
        if diagonal in self._pairs:
            pairs = torch.tensor(self._pairs[diagonal], device=into.device)
            into[pairs] = reached[self._rows[pairs], pairs]


def _chunks(heights: np.ndarray, widths: np.ndarray) -> list[np.ndarray]:
    """The pairs in groups of similar size, each of at most MAX_CELLS cells, or of one pair."""
    order, groups, start = np.argsort(heights + widths, kind="stable"), [], 0
    while start < len(order):
        height = np.maximum.accumulate(heights[order[start:]])
        cells = np.arange(1, len(height) + 1) * height * np.maximum.accumulate(widths[order[start:]])
        stop = start + max(1, int(np.searchsorted(cells, MAX_CELLS, side="right")))
        groups.append(order[start:stop])
        start = stop
    return groups


def _padded(frames: Tensor, starts: np.ndarray, lengths: np.ndarray) -> Tensor:
    """[B, T, F]: the series from each start, with zeros after their length."""
    longest = int(lengths.max())
    positions = torch.as_tensor(starts)[:, None] + torch.arange(longest)
    inside = torch.arange(longest) < torch.as_tensor(lengths)[:, None]
    return frames[positions.clamp(max=len(frames) - 1)] * inside[..., None]
