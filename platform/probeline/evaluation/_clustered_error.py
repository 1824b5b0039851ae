"""How far another test set would move an accuracy whose decisions come in clusters, such as the frames of clips."""

import torch
from torch import Tensor


def clustered_error(right: Tensor, clusters: Tensor) -> float | None:
    """The standard error of the share of decisions that are right; None of a single cluster.

    Decisions of one cluster are like each other, so clusters are what is drawn: the error of a ratio estimator
    (Cochran: Sampling Techniques, 3rd edition 1977, eq. 6.13, of clusters from a large population).

    right: bool [F]; clusters: int64 [F], the cluster of each decision.
    """
    _, clusters, sizes = clusters.unique(return_inverse=True, return_counts=True)
    count = len(sizes)
    if count < 2:
        return None
    hits = torch.zeros(count, dtype=torch.float64, device=right.device).index_add(0, clusters, right.double())
    rest = hits - hits.sum() / len(right) * sizes
    return float((count / (count - 1) * rest.square().sum()).sqrt() / len(right))
