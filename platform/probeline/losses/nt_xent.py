"""NT-Xent, the normalised temperature-scaled cross entropy of SimCLR.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations,
ICML 2020, arXiv 2002.05709.
"""

from typing import Annotated, Literal, cast

from pydantic import Field
from torch import Tensor

from probeline.core.settings import NotHashed, Settings
from probeline.losses._blockwise import row_logsumexp
from probeline.losses._pairs import above_zero, compared, full_precision, nothing, positives, two_views


class Config(Settings):
    """The temperature is the paper's for CIFAR-10 (B.9); 0.1 for ImageNet. `block_rows` changes rounding only."""

    temperature: float = Field(0.5, gt=0)
    negatives: Literal["both", "one"] = "both"
    normalise: bool = True
    block_rows: Annotated[int | None, NotHashed] = Field(None, ge=1)


DEFAULTS = Config()


def nt_xent(
    za: Tensor,
    zb: Tensor,
    temperature: float = DEFAULTS.temperature,
    negatives: Literal["both", "one"] = DEFAULTS.negatives,
    normalise: bool = DEFAULTS.normalise,
    block_rows: int | None = DEFAULTS.block_rows,
) -> Tensor:
    """The mean NT-Xent loss over the 2B views of B samples.

    Every view has one positive, the other view of its sample, and 2(B-1) negatives, all other views of the batch.
    Computed in float32 or better, also under autocast. Large batches are computed in blocks of rows, and again in the
    backward pass, so memory grows with B, not with B squared.

    Example:
        >>> from probeline.losses import nt_xent
        >>> za, zb = torch.randn(2, 256, 128, requires_grad=True)
        >>> nt_xent(za, zb, temperature=0.1).backward()

    Args:
        za, zb: [B, D] projections of two views of the same samples, row by row; not yet normalised.
        temperature: divides the similarities; above 0.
        negatives: `one`: only the B-1 views on its positive's side (B.10).
        normalise: cosine similarities; without it, dot products (table 5).
        block_rows: rows of a block. None chooses: all at once up to 8 MiB of similarities, 64 MiB on a GPU, else as
            many as that holds.

    Returns:
        A scalar in nats; with B=1 there are no negatives and it is 0.

    Raises:
        ValueError: shapes differ or are not [B, D], or a parameter is outside its range.

    Source: eq. 1 and algorithm 1.
    """
    above_zero(temperature=temperature)
    za, zb = two_views(za, zb)
    with full_precision(za):
        comparisons = compared(za, zb, negatives, normalise, 1 / temperature)
        if len(za) == 1:
            return nothing(za, zb)
        losses = [row_logsumexp(c.anchors, c.candidates, c.own, block_rows) - positives(c) for c in comparisons]
        return cast(Tensor, sum(loss.mean() for loss in losses)) / len(losses)
