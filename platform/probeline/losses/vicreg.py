"""VICReg: variance, invariance and covariance of the views, each held by a term of its own.

Bardes, Ponce, LeCun: VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning,
ICLR 2022, arXiv 2105.04906.
"""

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import Settings
from probeline.losses._pairs import above_zero, full_precision, two_views

EPSILON = 1e-4
"""Added to the variance before the root, for its gradient at 0 (eq. 1)."""


class Config(Settings):
    """The weights are the paper's lambda, mu and nu (section 4.2); `deviation` is its gamma."""

    invariance: float = Field(25.0, ge=0)
    variance: float = Field(25.0, ge=0)
    covariance: float = Field(1.0, ge=0)
    deviation: float = Field(1.0, gt=0)


DEFAULTS = Config()


def vicreg(
    za: Tensor,
    zb: Tensor,
    invariance: float = DEFAULTS.invariance,
    variance: float = DEFAULTS.variance,
    covariance: float = DEFAULTS.covariance,
    deviation: float = DEFAULTS.deviation,
) -> Tensor:
    """The weighted sum of the three terms.

    As in the authors' code the variance term is the mean of the two views' and the covariance term their sum; eq. 6
    sums both. There is no l2 norm: the scale is what the variance term holds.

    Example:
        >>> from probeline.losses import vicreg
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> vicreg(za, zb, invariance=25.0, variance=25.0, covariance=1.0).backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row.
        invariance, variance, covariance: the terms' weights; at least 0.
        deviation: the standard deviation that every dimension is held above.

    Returns:
        A scalar; with B=1 variance and covariance are taken as 0.

    Raises:
        ValueError: shapes differ or are not [B, D], or a weight is below 0.

    Source: eq. 1 to 6, algorithm 1.
    """
    for name, weight in (("invariance", invariance), ("variance", variance), ("covariance", covariance)):
        if not weight >= 0:
            raise ValueError(f"{name} is {weight}; it must be at least 0")
    above_zero(deviation=deviation)
    za, zb = two_views(za, zb)
    with full_precision(za):
        covariances = [_covariance(za), _covariance(zb)]
        spread = [F.relu(deviation - torch.sqrt(c.diagonal() + EPSILON)).mean() for c in covariances]
        between = [(c.square().sum() - c.diagonal().square().sum()) / za.shape[1] for c in covariances]
        return invariance * F.mse_loss(za, zb) + variance * sum(spread) / 2 + covariance * sum(between)


def _covariance(z: Tensor) -> Tensor:
    """[D, D] the unbiased covariance over the batch."""
    centred = z - z.mean(0)
    return centred.T @ centred / max(len(z) - 1, 1)
