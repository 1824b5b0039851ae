"""The cosine target on pairs: equal pairs have cosine 1, unequal ones a lower target.

Bromley, Guyon, LeCun, Säckinger, Shah: Signature Verification using a "Siamese" Time Delay Neural Network, NIPS 1993
(no arXiv version).
"""

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import Settings
from probeline.losses._pairs import full_precision, listed_pairs

TAKES = ("pairs",)


class Config(Settings):
    """The targets are the paper's, which also had lower ones than 1 and higher ones than -1."""

    equal: float = Field(1.0, ge=-1, le=1)
    unequal: float = Field(-1.0, ge=-1, le=1)


DEFAULTS = Config()


def cosine_target(
    za: Tensor, zb: Tensor, same: Tensor, equal: float = DEFAULTS.equal, unequal: float = DEFAULTS.unequal
) -> Tensor:
    """The mean over the pairs of (cos(za, zb) - target)^2.

    Example:
        >>> from probeline.losses import cosine_target
        >>> za, zb = torch.randn(2, 256, 32, requires_grad=True)
        >>> cosine_target(za, zb, torch.arange(256) < 128).backward()

    Args:
        za, zb: [B, D] projections of the two samples of every pair.
        same: bool [B], whether the two are of one class.
        equal, unequal: the targets, from -1 to 1.

    Returns:
        A scalar from 0 to 4.

    Raises:
        ValueError: shapes differ, or a target is outside its range.

    Source: section 3.
    """
    for name, cosine in {"equal": equal, "unequal": unequal}.items():
        if not -1 <= cosine <= 1:
            raise ValueError(f"{name} is {cosine}; it must be from -1 to 1")
    za, zb = listed_pairs(za, zb, same)
    with full_precision(za):
        target = same * equal + ~same * unequal
        return (F.cosine_similarity(za, zb, dim=1) - target).square().mean()
