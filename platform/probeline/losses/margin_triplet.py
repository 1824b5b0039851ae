"""The margin triplet loss, with semi-hard negatives or all of them, as SimCLR compares it with NT-Xent.

Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015, arXiv 1503.03832;
Chen, Kornblith, Norouzi, Hinton: SimCLR, ICML 2020, arXiv 2002.05709.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import Settings
from probeline.losses._blockwise import hardest, mean_of_allowed, mean_over_negatives
from probeline.losses._pairs import compared, full_precision, one_of, two_views


class Config(Settings):
    """SimCLR tunes the margin over 0, 0.4, 0.8 and 1.6 (B.10)."""

    margin: float = Field(0.8, ge=0)
    mining: Literal["none", "semi_hard"] = "none"
    negatives: Literal["both", "one"] = "both"
    normalise: bool = True


DEFAULTS = Config()


def margin_triplet(
    za: Tensor,
    zb: Tensor,
    margin: float = DEFAULTS.margin,
    mining: Literal["none", "semi_hard"] = DEFAULTS.mining,
    negatives: Literal["both", "one"] = DEFAULTS.negatives,
    normalise: bool = DEFAULTS.normalise,
) -> Tensor:
    """The mean of max(s- - s+ + margin, 0) over the triplets of anchor, positive and negative; s are similarities.

    Example:
        >>> from probeline.losses import margin_triplet
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> margin_triplet(za, zb, margin=0.4, mining="semi_hard").backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row; not yet normalised.
        margin: in units of similarity; at least 0.
        mining: `none`: all negatives of all 2B anchors. `semi_hard`: of each anchor's negatives only the most similar
            one that is less similar than its positive, yet within the margin; the mean is over anchors that have one.
        negatives: `both`: 2(B-1), all views of other samples; `one`: the B-1 on the positive's side (B.10).
        normalise: cosine similarities; without it, dot products (SimCLR's table 2 has l2-normalised vectors).

    Returns:
        A scalar; 0 where there is no triplet, as with B=1.

    Raises:
        ValueError: shapes differ or are not [B, D], or a parameter is outside its range.

    Source: SimCLR's tables 2 and 4 and section 5.1; semi-hard is FaceNet's section 3.2.
    """
    if not margin >= 0:
        raise ValueError(f"margin is {margin}; it must be at least 0")
    one_of("mining", mining, "none", "semi_hard")
    za, zb = two_views(za, zb)

    def violation(similarities: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
        if mining == "none":
            return mean_of_allowed(F.relu(similarities - positive + margin), negative)
        # Written with `not` so that NaN passes: a diverged training must not look like one without triplets.
        semi_hard = negative & ~(similarities >= positive) & ~(similarities <= positive - margin)
        closest, exists = hardest(similarities, semi_hard)
        return F.relu(closest - positive[:, 0] + margin), exists

    with full_precision(za):
        return mean_over_negatives(compared(za, zb, negatives, normalise), violation)
