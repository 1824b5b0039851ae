"""VICReg: the views' projections agree, every dimension varies, and no two vary together.

Bardes, Ponce, LeCun: VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning,
ICLR 2022, arXiv 2105.04906.
"""

from pydantic import Field
from torch import Tensor

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.losses import vicreg
from probeline.methods._two_view_settings import TwoViewSettings
from probeline.methods._two_views import TwoViews
from probeline.models.projector import mlp

TAKES = ("image", "waveform", "series", "vector")
GIVES = ("two_views",)


class Config(TwoViewSettings):
    """The weights are the paper's lambda, mu and nu (section 4.2).

    `projector_dim`, of all three layers, is 8192 in the paper, for ImageNet; it has no CIFAR recipe. 2048 keeps the
    head of a size with a small encoder.
    """

    invariance: float = Field(25.0, ge=0)
    variance: float = Field(25.0, ge=0)
    covariance: float = Field(1.0, ge=0)
    projector_dim: int = Field(2048, ge=1)


class VICReg(TwoViews):
    """Eq. 6 on the expander of section 4.2."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        width = config.projector_dim
        self.projector = mlp(encoder.dim, width, width, width, last_bias=False)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 6 of projections za, zb [B, D]."""
        c = self.config
        za, zb = outputs.z.chunk(2)
        return {"loss": vicreg(za, zb, invariance=c.invariance, variance=c.variance, covariance=c.covariance)}
