"""The triplet loss on batches of P classes with K samples each, with four ways to mine its triplets.

Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015, arXiv 1503.03832;
Hermans, Beyer, Leibe: In Defense of the Triplet Loss for Person Re-Identification, arXiv 1703.07737;
Wu, Manmatha, Smola, Krähenbühl: Sampling Matters in Deep Embedding Learning, ICCV 2017, arXiv 1706.07567.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from probeline.core.settings import NotHashed, Settings
from probeline.losses._distances import mean_over_distances, samples_and_labels
from probeline.losses._pairs import full_precision, one_of
from probeline.losses._triplets import ByClass, Hinge

TAKES = ("classes",)


def require_unit_vectors(mining: str, normalise: bool) -> None:
    """Raises ValueError where `distance_weighted` is asked for vectors of any length."""
    if mining == "distance_weighted" and not normalise:
        raise ValueError("mining distance_weighted needs normalise: true: its weights are those of unit vectors")


class Config(Settings):
    """The margin is FaceNet's (section 3.1), in squared distances of unit vectors."""

    margin: float = Field(0.2, ge=0)
    squared: bool = True
    mining: Literal["all", "hard", "semi_hard", "distance_weighted"] = "all"
    over: Literal["active", "all"] = "active"
    normalise: bool = True
    block_rows: Annotated[int | None, NotHashed] = Field(None, ge=1)

    @model_validator(mode="after")
    def _unit_vectors(self) -> "Config":
        require_unit_vectors(self.mining, self.normalise)
        return self


DEFAULTS = Config()


def triplet(
    z: Tensor,
    labels: Tensor,
    margin: float = DEFAULTS.margin,
    squared: bool = DEFAULTS.squared,
    mining: Literal["all", "hard", "semi_hard", "distance_weighted"] = DEFAULTS.mining,
    over: Literal["active", "all"] = DEFAULTS.over,
    normalise: bool = DEFAULTS.normalise,
    block_rows: int | None = DEFAULTS.block_rows,
) -> Tensor:
    """The mean of max(0, d(a, p) - d(a, n) + margin) over the mined triplets of anchor, positive and negative.

    Example:
        >>> from probeline.losses import triplet
        >>> z = torch.randn(256, 128, requires_grad=True)
        >>> triplet(z, torch.arange(256) // 8, mining="semi_hard").backward()

    Args:
        z: [N, D] projections; not yet normalised.
        labels: [N] classes; one below 0 is unknown, and its sample a class of its own.
        margin: in units of d; at least 0.
        squared: d is the squared Euclidean distance; without it, the distance.
        mining: `all`: every triplet of the batch (FaceNet's eq. 2). `semi_hard`: those with d(a, p) < d(a, n) <
            d(a, p) + margin (FaceNet's eq. 4 with the margin). `hard`: for every anchor its furthest positive and its
            nearest negative (Hermans et al., eq. 5). `distance_weighted`: for every anchor and positive the expectation
            over a negative that is drawn with the inverse density of distances on the sphere (Wu et al., section 4);
            the paper draws one.
        over: what the mean is over: `active`, the mined triplets whose loss is above 0; `all`, all that are mined.
        normalise: unit vectors; without it, vectors of any length.
        block_rows: anchors taken at a time; None chooses. Memory grows with N times it.

    Returns:
        A scalar; 0 where there is no triplet, as with one class or one sample of each.

    Raises:
        ValueError: shapes differ, or a parameter is outside its range.

    Source: the papers' equations as named above; the mean where FaceNet has a sum.
    """
    if not margin >= 0:
        raise ValueError(f"margin is {margin}; it must be at least 0")
    one_of("mining", mining, "all", "hard", "semi_hard", "distance_weighted")
    one_of("over", over, "active", "all")
    require_unit_vectors(mining, normalise)
    z, classes = samples_and_labels(z, labels), ByClass.of(labels)
    hinge = Hinge(classes, margin, mining, over, squared, z.shape[1])
    with full_precision(z):
        z = F.normalize(z, dim=1) if normalise else z
        return mean_over_distances(z[classes.order], hinge, squared, block_rows)
