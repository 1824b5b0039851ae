"""DCL, decoupled contrastive learning: NT-Xent without the positive in its denominator.

Yeh, Hong, Hsu, Liu, Chen, LeCun: Decoupled Contrastive Learning, ECCV 2022, arXiv 2110.06848.
"""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.settings import NotHashed, Settings
from probeline.losses._blockwise import row_logsumexp
from probeline.losses._pairs import above_zero, compared, full_precision, nothing, positives, two_views


class Config(Settings):
    """Temperature 0.1 is the paper's for ImageNet. `sigma`, 0.5 in the paper, weights positives (DCLW)."""

    temperature: float = Field(0.1, gt=0)
    sigma: float | None = Field(None, gt=0)
    negatives: Literal["both", "one"] = "both"
    normalise: bool = True
    block_rows: Annotated[int | None, NotHashed] = Field(None, ge=1)


DEFAULTS = Config()


def dcl(
    za: Tensor,
    zb: Tensor,
    temperature: float = DEFAULTS.temperature,
    sigma: float | None = DEFAULTS.sigma,
    negatives: Literal["both", "one"] = DEFAULTS.negatives,
    normalise: bool = DEFAULTS.normalise,
    block_rows: int | None = DEFAULTS.block_rows,
) -> Tensor:
    """The mean decoupled contrastive loss over the 2B views of B samples; memory grows with B, not with B squared.

    Example:
        >>> from probeline.losses import dcl
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> dcl(za, zb, temperature=0.1).backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row; not yet normalised.
        temperature: divides the similarities; above 0.
        sigma: weights hard positives by 2 - exp(s / sigma) / mean exp(s / sigma), s their similarity; None: all alike.
        negatives: `both`: 2(B-1), all views of other samples; `one`: the B-1 on the positive's side.
        normalise: cosine similarities; without it, dot products.
        block_rows: rows of a block, as for NT-Xent.

    Returns:
        A scalar in nats, which may be below 0; with B=1 there are no negatives and it is 0.

    Raises:
        ValueError: shapes differ or are not [B, D], or a parameter is outside its range.

    Source: eq. 6; the weights are section 3.3's, without a gradient of their own.
    """
    above_zero(temperature=temperature, **({} if sigma is None else {"sigma": sigma}))
    za, zb = two_views(za, zb)
    with full_precision(za):
        comparisons = compared(za, zb, negatives, normalise, 1 / temperature)
        if len(za) == 1:
            return nothing(za, zb)
        total = za.new_zeros(())
        for c in comparisons:
            attraction = positives(c)
            if sigma is not None:
                attraction = attraction * _weights(attraction.detach() * temperature / sigma)
            total = (
                total + (row_logsumexp(c.anchors, c.candidates, (*c.own, c.positive), block_rows) - attraction).mean()
            )
        return total / len(comparisons)


def _weights(scores: Tensor) -> Tensor:
    """[N] weights with mean 1, the smaller the more alike a pair already is."""
    return 2 - len(scores) * torch.softmax(scores, 0)
