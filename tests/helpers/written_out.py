"""The triplet losses written out: every triplet in a list, dense distances, autograd."""

import torch
from torch import Tensor
from torch.nn import functional as F


def distances(z: Tensor, squared: bool, normalise: bool) -> Tensor:
    z = F.normalize(z, dim=1) if normalise else z
    squares = (z[:, None] - z[None]).square().sum(2)
    return squares if squared else torch.where(squares > 0, squares, 1.0).sqrt() * (squares > 0)


def triplets(labels: Tensor) -> list[tuple[int, int, int]]:
    """(anchor, positive, negative); a label below 0 is of no class but its own."""
    n = range(len(labels))
    same = [[i == j or (labels[i] >= 0 and labels[i] == labels[j]) for j in n] for i in n]
    return [(a, p, k) for a in n for p in n for k in n if same[a][p] and a != p and not same[a][k]]


def mean_hinge(d: Tensor, chosen: list[tuple[int, int, int]], margin: float, over: str) -> Tensor:
    """The mean of the chosen triplets' losses, over the active ones or all."""
    terms = torch.stack([d[a, p] - d[a, n] + margin for a, p, n in chosen]).clamp(min=0)
    return terms.sum() / (int((terms > 0).sum()) if over == "active" else len(terms))
