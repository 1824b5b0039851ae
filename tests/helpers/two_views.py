"""Two views of a few samples, seeded; and the similarities of all 2B views written out."""

import torch
from torch import Tensor
from torch.nn import functional as F


def views(b: int = 6, d: int = 5, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    """[2, b, d]: za and zb."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, b, d, generator=generator, dtype=dtype)


def cosines(za: Tensor, zb: Tensor) -> Tensor:
    """[2B, 2B]"""
    z = F.normalize(torch.cat([za, zb]), dim=1)
    return z @ z.T


def triplets(za: Tensor, zb: Tensor, negatives: str = "both") -> list[tuple[float, list[float]]]:
    """For each of the 2B anchors its positive's similarity and those of its negatives, pair by pair."""
    s, b, found = cosines(za, zb), len(za), []
    for i in range(2 * b):
        positive = (i + b) % (2 * b)
        side = range(2 * b) if negatives == "both" else range(b, 2 * b) if i < b else range(b)
        found.append((float(s[i, positive]), [float(s[i, j]) for j in side if j not in (i, positive)]))
    return found
