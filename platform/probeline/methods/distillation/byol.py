"""BYOL: one view predicts what a slow copy of the network makes of the other; no negatives.

Grill, Strub, Altche, Tallec, Richemond, et al.: Bootstrap Your Own Latent, NeurIPS 2020, arXiv 2006.07733.
"""

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.losses import negative_cosine
from probeline.methods._two_view_settings import TwoViewSettings
from probeline.methods._two_views import TwoViews
from probeline.models.ema import ema_copy, ema_update, rising_momentum
from probeline.models.projector import mlp

TAKES = ("image", "waveform", "series", "vector")
GIVES = ("two_views",)


class Config(TwoViewSettings):
    """Sizes are the paper's (section 3.3); it has no CIFAR recipe.

    `momentum` is the start of its rise to 1: 0.996 for 1000 epochs in the paper, 0.99 for 300 and fewer. A training of
    a few hundred steps needs less: the target forgets its random start after about 1 / (1 - momentum) steps.
    """

    momentum: float = Field(0.99, ge=0, le=1)
    projector_dim: int = Field(256, ge=1)
    hidden_dim: int = Field(4096, ge=1, description="Of projector and predictor.")


class BYOL(TwoViews):
    """Eq. 1 and 2, symmetric: each view predicts the other."""

    step: Tensor

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.projector = mlp(encoder.dim, config.hidden_dim, config.projector_dim)
        self.predictor = mlp(config.projector_dim, config.hidden_dim, config.projector_dim)
        self.target_encoder, self.target_projector = ema_copy(encoder), ema_copy(self.projector)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    def forward(self, views: Views) -> Outputs:
        """z: projections [2B, D]; `predicted`: the predictor's of them; `target`: the target network's projections."""
        h = self.encoder(views.inputs, views.lengths).h
        z = self.projector(h)
        with torch.no_grad():
            target = self.target_projector(self.target_encoder(views.inputs, views.lengths).h)
        return Outputs(h, z, {"predicted": self.predictor(z), "target": target})

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 2 for both views: the squared distance of unit vectors, 2 - 2 cos."""
        (pa, pb), (ta, tb) = outputs.extra["predicted"].chunk(2), outputs.extra["target"].detach().chunk(2)
        return {"loss": 4 + 2 * (negative_cosine(pa, tb) + negative_cosine(pb, ta))}

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        """The target network follows the online one (eq. 1)."""
        momentum = rising_momentum(self.config.momentum, self.step, self.planned_steps)
        ema_update(self.target_encoder, self.encoder, momentum)
        ema_update(self.target_projector, self.projector, momentum)
        self.step += 1
