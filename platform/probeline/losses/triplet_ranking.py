"""The triplet ranking loss: two samples of a class are nearer to each other than either is to one of another class.

Ye, Guo: Deep Triplet Ranking Networks for One-Shot Recognition, arXiv 1804.07275.
"""

from typing import Annotated

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import NotHashed, Settings
from probeline.losses._distances import mean_over_distances, samples_and_labels
from probeline.losses._pairs import full_precision
from probeline.losses._triplets import ByClass, Hinge

TAKES = ("classes",)


class Config(Settings):
    """The margin is the paper's, in squared distances."""

    margin: float = Field(2.0, ge=0)
    normalise: bool = False
    block_rows: Annotated[int | None, NotHashed] = Field(None, ge=1)


DEFAULTS = Config()


def triplet_ranking(
    z: Tensor,
    labels: Tensor,
    margin: float = DEFAULTS.margin,
    normalise: bool = DEFAULTS.normalise,
    block_rows: int | None = DEFAULTS.block_rows,
) -> Tensor:
    """The mean of [d(p, q) - d(p, n) + margin]+ + [d(p, q) - d(q, n) + margin]+ over all p, q of a class and n of none.

    Example:
        >>> from probeline.losses import triplet_ranking
        >>> z = torch.randn(256, 128, requires_grad=True)
        >>> triplet_ranking(z, torch.arange(256) // 2).backward()

    Args:
        z: [N, D] projections; not yet normalised.
        labels: [N] classes; one below 0 is unknown, and its sample a class of its own.
        margin: in squared Euclidean distances; at least 0.
        normalise: unit vectors; without it, vectors of any length.
        block_rows: samples taken at a time; None chooses. Memory grows with N times it.

    Returns:
        A scalar; 0 where there is no triplet.

    Raises:
        ValueError: shapes differ, or a parameter is outside its range.

    Source: the loss of the paper, over all triplets of the batch; easy ones count as 0.
    """
    if not margin >= 0:
        raise ValueError(f"margin is {margin}; it must be at least 0")
    z, classes = samples_and_labels(z, labels), ByClass.of(labels)
    hinge = Hinge(classes, margin, "all", "all", True, z.shape[1])
    with full_precision(z):
        z = F.normalize(z, dim=1) if normalise else z
        return 2 * mean_over_distances(z[classes.order], hinge, True, block_rows)
