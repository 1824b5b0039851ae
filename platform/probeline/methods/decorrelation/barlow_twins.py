"""Barlow Twins: the views' projections correlate dimension by dimension, and different dimensions do not.

Zbontar, Jing, Misra, LeCun, Deny: Barlow Twins: Self-Supervised Learning via Redundancy Reduction,
ICML 2021, arXiv 2103.03230.
"""

from pydantic import Field
from torch import Tensor

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.losses import barlow_twins
from probeline.methods._two_view_settings import TwoViewSettings
from probeline.methods._two_views import TwoViews
from probeline.models.projector import mlp

TAKES = ("image", "waveform", "series", "vector")
GIVES = ("two_views",)


class Config(TwoViewSettings):
    """`redundancy` is the paper's lambda.

    `projector_dim`, of all three layers, is 8192 in the paper, for ImageNet; it has no CIFAR recipe. 2048 keeps the
    head of a size with a small encoder (the paper's figure 4 shows what width is worth).
    """

    redundancy: float = Field(0.005, ge=0)
    projector_dim: int = Field(2048, ge=1)


class BarlowTwins(TwoViews):
    """Eq. 1 on the three-layer projector of section 2.2."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        width = config.projector_dim
        self.projector = mlp(encoder.dim, width, width, width, last_bias=False)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 1 of projections za, zb [B, D]."""
        za, zb = outputs.z.chunk(2)
        return {"loss": barlow_twins(za, zb, redundancy=self.config.redundancy)}
