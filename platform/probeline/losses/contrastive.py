"""The contrastive loss on pairs: equal pairs attract, unequal ones repel up to a margin.

Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006 (DrLIM; no arXiv version).
"""

from typing import Literal

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import Settings
from probeline.losses._pairs import above_zero, full_precision, listed_pairs, one_of, pair_distance

TAKES = ("pairs",)


class Config(Settings):
    """The paper gives the margin no value; 1 is the usual one."""

    margin: float = Field(1.0, gt=0)
    form: Literal["margin_squared", "squared_margin"] = Field(
        "margin_squared", description="Of unequal pairs: max(0, m - D)^2 (Hadsell), or max(0, m^2 - D^2)."
    )
    normalise: bool = False


DEFAULTS = Config()


def contrastive(
    za: Tensor,
    zb: Tensor,
    same: Tensor,
    margin: float = DEFAULTS.margin,
    form: Literal["margin_squared", "squared_margin"] = DEFAULTS.form,
    normalise: bool = DEFAULTS.normalise,
) -> Tensor:
    """The mean over the pairs of D^2 / 2 where they are equal, and of max(0, m - D)^2 / 2 where they are not.

    Example:
        >>> from probeline.losses import contrastive
        >>> za, zb = torch.randn(2, 256, 32, requires_grad=True)
        >>> contrastive(za, zb, torch.arange(256) < 128).backward()

    Args:
        za, zb: [B, D] projections of the two samples of every pair.
        same: bool [B], whether the two are of one class.
        margin: m, in units of D; above 0.
        form: `margin_squared` as above, the paper's eq. 4, whose gradient at D = 0 is that of a spring at full
            tension; `squared_margin`: max(0, m^2 - D^2) / 2, whose gradient vanishes there.
        normalise: unit vectors, so that D is at most 2; without it, vectors of any length.

    Returns:
        A scalar.

    Raises:
        ValueError: shapes differ, or a parameter is outside its range.

    Source: eq. 4; Y of the paper is 1 for unequal pairs.
    """
    above_zero(margin=margin)
    one_of("form", form, "margin_squared", "squared_margin")
    za, zb = listed_pairs(za, zb, same)
    with full_precision(za):
        if normalise:
            za, zb = F.normalize(za, dim=1), F.normalize(zb, dim=1)
        squares = (za - zb).square().sum(1)
        if form == "margin_squared":
            repulsion = F.relu(margin - pair_distance(za, zb)).square()
        else:
            repulsion = F.relu(margin**2 - squares)
        return (same * squares + ~same * repulsion).mean() / 2
