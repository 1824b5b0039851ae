"""Retrieval by ranked neighbours: recall@k, R-precision and MAP@R of queries against a gallery.

Musgrave, Belongie, Lim: A Metric Learning Reality Check, ECCV 2020, arXiv 2003.08505, section 3.2, has R-precision and
MAP@R: R is how many samples of the query's class the gallery has, and only the R nearest count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SEED = 0
ELEMENTS = 2**24
"""Scores in memory at a time."""

Scores = Callable[[Tensor, Tensor], Tensor]
"""(rows of queries [Q], rows of keys [N]) -> [Q, N], higher for those more alike."""


@dataclass(frozen=True)
class Ranking:
    """Means over the queries that have others of their class. `recall`: by k; `queries`: how many they are."""

    recall: dict[int, float]
    r_precision: float
    map_at_r: float
    queries: int


def ranking(scores: Scores, labels: Tensor, ks: Sequence[int]) -> Ranking | None:
    """Every sample against all others. labels: int64 [N]; samples without one (below 0) are left out altogether.

    A sample alone in its class is no query, as nothing could be retrieved, but is among what others retrieve. Equal
    scores are ranked in an order drawn once that has nothing to do with labels. None where there is no query.
    """
    rows = torch.nonzero(labels >= 0)[:, 0].cpu()
    keys = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(SEED))].to(labels.device)
    classes = labels[keys]
    _, inverse, sizes = torch.unique(classes, return_inverse=True, return_counts=True)
    others = sizes[inverse] - 1
    queries = torch.nonzero(others > 0)[:, 0]
    if not len(queries):
        return None
    depth = min(len(keys) - 1, max(int(others.max()), *ks))
    sums = torch.zeros(len(ks) + 2, dtype=torch.float64)
    for block in queries.split(max(1, ELEMENTS // len(keys))):
        similarity = scores(keys[block], keys).clone()
        similarity[torch.arange(len(block), device=block.device), block] = -torch.inf
        nearest = similarity.topk(depth, dim=1).indices
        right = classes[nearest] == classes[block, None]
        sums += torch.stack([*_recalls(right, ks), *_at_r(right, others[block])]).cpu()
    means = (sums / len(queries)).tolist()
    return Ranking(dict(zip(ks, means[:-2], strict=True)), means[-2], means[-1], len(queries))


def _recalls(right: Tensor, ks: Sequence[int]) -> list[Tensor]:
    """Of [Q, D] how many have one that is right among the first k."""
    return [right[:, :k].any(1).double().sum() for k in ks]


def _at_r(right: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    """The sums over queries of R-precision and of MAP@R. right: bool [Q, D]; r: int64 [Q]."""
    steps = torch.arange(1, right.shape[1] + 1, device=right.device)
    counted = (right & (steps <= r[:, None])).double()
    precision = counted.cumsum(1) / steps
    return (counted.sum(1) / r).sum(), ((precision * counted).sum(1) / r).sum()
