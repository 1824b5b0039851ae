"""NT-Xent, the normalised temperature-scaled cross entropy of SimCLR."""

import torch
from torch import Tensor
from torch.nn import functional as F


def nt_xent(za: Tensor, zb: Tensor, temperature: float = 0.5) -> Tensor:
    """The mean NT-Xent loss over the 2B views of B samples.

    Every view has one positive, the other view of its sample, and 2(B-1) negatives, all other views of the batch.
    Computed in float32 or better whatever autocast says: at temperature 0.1 bfloat16 similarities lose the order
    of close negatives.

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row; not yet normalised.
        temperature: divides the cosine similarities; above 0.

    Returns:
        A scalar in nats; with B=1 there are no negatives and it is 0.

    Raises:
        ValueError: shapes differ or are not [B, D], or the temperature is not above 0.

    Source: Chen et al. 2020 (arXiv 2002.05709), eq. 1 and algorithm 1.
    """
    if za.ndim != 2 or za.shape != zb.shape:
        raise ValueError(f"za and zb are two views of the same samples, [B, D]; got {[*za.shape]} and {[*zb.shape]}")
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}; it must be above 0")
    with torch.autocast(za.device.type, enabled=False):
        z = torch.cat([za, zb])
        z = F.normalize(z if z.dtype == torch.float64 else z.float(), dim=1)
        similarity = (z @ z.T / temperature).fill_diagonal_(-torch.inf)  # a view is not its own negative
        positives = torch.arange(len(z), device=z.device).roll(len(za))
        return F.cross_entropy(similarity, positives)
