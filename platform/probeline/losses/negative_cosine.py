"""The negative cosine similarity of SimSiam, BYOL's regression up to a factor and a constant; no negatives.

Chen, He: Exploring Simple Siamese Representation Learning, CVPR 2021, arXiv 2011.10566;
Grill et al.: Bootstrap Your Own Latent, NeurIPS 2020, arXiv 2006.07733.
"""

from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import Settings
from probeline.losses._pairs import full_precision, two_views


class Config(Settings):
    """No parameters. On its own, without a predictor or a stopped gradient, it collapses (SimSiam, figure 2)."""


def negative_cosine(za: Tensor, zb: Tensor) -> Tensor:
    """Minus the mean cosine similarity of the rows; the method decides through which side a gradient flows.

    BYOL's loss (its eq. 2) is 2 + 2 times this: the gradient is twice as large, the minimum the same.

    Example:
        >>> from probeline.losses import negative_cosine
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> negative_cosine(za, zb.detach()).backward()  # zb: the target, whose gradient is stopped

    Args:
        za, zb: [B, D] a prediction and its target for the same samples, row by row.

    Returns:
        A scalar from -1 to 1.

    Raises:
        ValueError: shapes differ or are not [B, D].

    Source: SimSiam, eq. 1.
    """
    za, zb = two_views(za, zb)
    with full_precision(za):
        return -F.cosine_similarity(za, zb, dim=1).mean()
