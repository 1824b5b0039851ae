"""SimSiam: one view predicts the other; a stopped gradient alone keeps it from collapsing.

Chen, He: Exploring Simple Siamese Representation Learning, CVPR 2021, arXiv 2011.10566.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.data.images.augment.settings import Augment, Augmentation
from probeline.losses import negative_cosine
from probeline.methods._two_view_settings import TwoViewSettings
from probeline.methods._two_views import TwoViews
from probeline.models.projector import mlp

TAKES = ("image", "waveform", "series", "vector")
GIVES = ("two_views",)
VERSION = 2  # the predictor's learning rate does not decay since 2


class Config(TwoViewSettings):
    """The paper's for CIFAR-10 (appendix D): a projector of two layers (three on ImageNet), crops from 20% on.

    `predictor_dim` is a bottleneck of a quarter of z, as 512 of 2048 in the paper. Its training there: SGD, learning
    rate 0.03 at batch size 256, weight decay 5e-4, batches of 512, 800 epochs.
    `predictor_rate`: the paper keeps the predictor's rate constant while the encoder's decays (section 4.2, and the
    code's --fix-pred-lr), which gains it 0.4 points on ImageNet (table 1); `scheduled` decays both. On the quickstart's
    data, at batch size 128, the linear probe differs by -1.8 to 1.5 points in three seeds.
    """

    projector_dim: int = Field(2048, ge=1)
    projector_layers: int = Field(2, ge=1, le=5)
    predictor_dim: int = Field(512, ge=1)
    predictor_rate: Literal["constant", "scheduled"] = "constant"
    augment: Augmentation = Augment(crop_scale=(0.2, 1.0))


class SimSiam(TwoViews):
    """Eq. 1 to 4, algorithm 1. Batch norm without parameters follows the projector's last layer, as in the code."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        width = config.projector_dim
        layers = mlp(encoder.dim, *[width] * config.projector_layers, last_bias=False)
        self.projector = nn.Sequential(*layers, nn.BatchNorm1d(width, affine=False))
        self.predictor = mlp(width, config.predictor_dim, width)
        self.undecayed = ("predictor",) if config.predictor_rate == "constant" else ()

    def forward(self, views: Views) -> Outputs:
        """z: projections [2B, D]; `predicted`: the predictor's of them, [2B, D]."""
        h = self.encoder(views.inputs, views.lengths).h
        z = self.projector(h)
        return Outputs(h, z, {"predicted": self.predictor(z)})

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 4: each view's prediction [B, D] against the other view's projection, through which no gradient flows."""
        (pa, pb), (za, zb) = outputs.extra["predicted"].chunk(2), outputs.z.detach().chunk(2)
        return {"loss": (negative_cosine(pa, zb) + negative_cosine(pb, za)) / 2}
