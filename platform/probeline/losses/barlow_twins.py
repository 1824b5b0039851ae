"""Barlow Twins: the views' cross-correlation over the batch approaches the identity.

Zbontar, Jing, Misra, LeCun, Deny: Barlow Twins: Self-Supervised Learning via Redundancy Reduction,
ICML 2021, arXiv 2103.03230.
"""

from pydantic import Field
from torch import Tensor

from probeline.core.settings import Settings
from probeline.losses._pairs import full_precision, two_views

EPSILON = 1e-5
"""Added to the variance, as the batch norm of the authors' code does."""


class Config(Settings):
    """`redundancy` is the paper's lambda (section 2.2)."""

    redundancy: float = Field(0.005, ge=0)


DEFAULTS = Config()


def barlow_twins(za: Tensor, zb: Tensor, redundancy: float = DEFAULTS.redundancy) -> Tensor:
    """sum_i (1 - C_ii)^2 + redundancy * sum_{i != j} C_ij^2, C [D, D] the cross-correlation over the batch.

    Each dimension is standardised over the batch, so the scale of za and zb does not matter; there is no l2 norm.

    Example:
        >>> from probeline.losses import barlow_twins
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> barlow_twins(za, zb, redundancy=0.005).backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row.
        redundancy: the weight of the entries off the diagonal; at least 0.

    Returns:
        A scalar; with B=1 nothing varies and it is D.

    Raises:
        ValueError: shapes differ or are not [B, D], or the weight is below 0.

    Source: eq. 1 and 2, algorithm 1.
    """
    if not redundancy >= 0:
        raise ValueError(f"redundancy is {redundancy}; it must be at least 0")
    za, zb = two_views(za, zb)
    with full_precision(za):
        correlation = _standardised(za).T @ _standardised(zb) / len(za)
        diagonal = correlation.diagonal()
        return (1 - diagonal).square().sum() + redundancy * (correlation.square().sum() - diagonal.square().sum())


def _standardised(z: Tensor) -> Tensor:
    """[B, D] with mean 0 and variance 1 in every dimension."""
    centred = z - z.mean(0)
    return centred * (centred.square().mean(0) + EPSILON).rsqrt()
