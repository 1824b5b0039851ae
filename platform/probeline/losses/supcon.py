"""SupCon, the supervised contrastive loss: all views of a class are each other's positives.

Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu, Krishnan: Supervised Contrastive Learning,
NeurIPS 2020, arXiv 2004.11362.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import NotHashed, Settings
from probeline.losses._blockwise import row_logsumexp
from probeline.losses._pairs import above_zero, full_precision, nothing, two_views


class Config(Settings):
    """The temperature is the paper's (section 4.4)."""

    temperature: float = Field(0.1, gt=0)
    normalise: bool = True
    block_rows: Annotated[int | None, NotHashed] = Field(None, ge=1)


DEFAULTS = Config()


def supcon(
    za: Tensor,
    zb: Tensor,
    labels: Tensor,
    temperature: float = DEFAULTS.temperature,
    normalise: bool = DEFAULTS.normalise,
    block_rows: int | None = DEFAULTS.block_rows,
) -> Tensor:
    """The mean over the 2B views of the mean log probability of their positives, L_out; memory grows with B.

    Example:
        >>> from probeline.losses import supcon
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> supcon(za, zb, labels=torch.randint(10, (256,))).backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row; not yet normalised.
        labels: [B] classes; one below 0 is unknown, and its sample a class of its own.
        temperature: divides the similarities; above 0.
        normalise: cosine similarities; without it, dot products.
        block_rows: rows of a block, as for NT-Xent.

    Returns:
        A scalar in nats; with B=1 there are no negatives and it is 0. Without known labels it is NT-Xent.

    Raises:
        ValueError: shapes differ or are not [B, D] and [B], or the temperature is not above 0.

    Source: eq. 2.
    """
    above_zero(temperature=temperature)
    za, zb = two_views(za, zb)
    if labels.shape != za.shape[:1]:
        raise ValueError(f"labels are one for each of the {len(za)} samples, [B]; got {[*labels.shape]}")
    with full_precision(za):
        if len(za) == 1:
            return nothing(za, zb)
        z = torch.cat([za, zb])
        z = (F.normalize(z, dim=1) if normalise else z) * temperature**-0.5
        return (row_logsumexp(z, z, (0,), block_rows) - _mean_positive(z, _classes(labels).repeat(2))).mean()


def _classes(labels: Tensor) -> Tensor:
    """[B] classes from 0 on without gaps, every unknown label one of its own.

    The inverse of `unique`, which would wait for the device to know how many there are.
    """
    alone = labels.max().clamp(min=0) + 1 + torch.arange(len(labels), device=labels.device)
    ascending, order = torch.where(labels < 0, alone, labels).sort()
    first = torch.ones_like(ascending)
    first[1:] = ascending[1:] != ascending[:-1]
    return torch.empty_like(order).scatter_(0, order, first.cumsum(0) - 1)


def _mean_positive(z: Tensor, classes: Tensor) -> Tensor:
    """[2B] each view's mean similarity with the other views of its class, by the class's sum: no pair is formed."""
    counts = torch.zeros_like(classes).scatter_add_(0, classes, torch.ones_like(classes))
    sums = torch.zeros_like(z).index_add(0, classes, z)  # a row for each class that there could be
    others = sums[classes] - z
    return (z * others).sum(1) / (counts[classes] - 1)
