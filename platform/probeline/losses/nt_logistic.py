"""NT-Logistic, the normalised temperature-scaled logistic loss that SimCLR compares with NT-Xent.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations,
ICML 2020, arXiv 2002.05709; the logistic loss on pairs is that of Mikolov et al. 2013, arXiv 1301.3781.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import Settings
from probeline.losses._blockwise import hardest, mean_of_allowed, mean_over_negatives
from probeline.losses._pairs import above_zero, compared, full_precision, one_of, positives, two_views


class Config(Settings):
    """The paper tunes the temperature over 0.1, 0.2, 0.5 and 1 (B.10)."""

    temperature: float = Field(0.5, gt=0)
    mining: Literal["none", "semi_hard"] = "none"
    negatives: Literal["both", "one"] = "both"
    normalise: bool = True


DEFAULTS = Config()


def nt_logistic(
    za: Tensor,
    zb: Tensor,
    temperature: float = DEFAULTS.temperature,
    mining: Literal["none", "semi_hard"] = DEFAULTS.mining,
    negatives: Literal["both", "one"] = DEFAULTS.negatives,
    normalise: bool = DEFAULTS.normalise,
) -> Tensor:
    """The mean over the 2B views of -log sigmoid(s+ / t), plus the mean of -log sigmoid(-s- / t) over their negatives.

    The paper does not say how several negatives add up; by their mean the two sides weigh alike at any batch size.

    Example:
        >>> from probeline.losses import nt_logistic
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> nt_logistic(za, zb, temperature=0.2).backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row; not yet normalised.
        temperature: divides the similarities; above 0.
        mining: `semi_hard`: of each anchor's negatives only the most similar one that is less similar than its
            positive; an anchor that has none adds its positive only. There is no margin that could bound it below.
        negatives: `both`: 2(B-1), all views of other samples; `one`: the B-1 on the positive's side (B.10).
        normalise: cosine similarities; without it, dot products.

    Returns:
        A scalar in nats; with B=1 only the positives' side.

    Raises:
        ValueError: shapes differ or are not [B, D], or a parameter is outside its range.

    Source: tables 2 and 4, section 5.1.
    """
    above_zero(temperature=temperature)
    one_of("mining", mining, "none", "semi_hard")
    za, zb = two_views(za, zb)

    def repulsion(similarities: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
        if mining == "none":
            return mean_of_allowed(F.softplus(similarities), negative)
        # Written with `not` so that NaN passes: a diverged training must not look like one without negatives.
        closest, exists = hardest(similarities, negative & ~(similarities >= positive))
        return F.softplus(closest), exists

    with full_precision(za):
        comparisons = compared(za, zb, negatives, normalise, 1 / temperature)
        attraction = torch.cat([F.softplus(-positives(c)) for c in comparisons]).mean()
        return attraction + mean_over_negatives(comparisons, repulsion)
