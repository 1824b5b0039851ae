"""SimCLR: two views of a sample attract, views of other samples repel.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations,
ICML 2020, arXiv 2002.05709.
"""

from dataclasses import replace
from inspect import Parameter, signature
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Component
from probeline.methods._loss_settings import require_loss
from probeline.methods._two_view_settings import TwoViewSettings
from probeline.methods._two_views import TwoViews
from probeline.methods.base import loss_function, require_labels
from probeline.models.projector import projector

TAKES = ("image", "waveform", "series", "vector")
GIVES = ("two_views",)
VERSION = 2  # views are drawn by sample since 2


class Config(TwoViewSettings):
    """Defaults are the paper's for CIFAR-10 (B.9): NT-Xent at temperature 0.5, colour strength 0.5, no blur.

    `projector_bias`: whether the projector's last batch norm has a bias. The authors' code has none there; in the
    quickstart, at batch size 128, the linear probe gains 4.2 points without it (4.1, 6.3 and 2.3 by seed).
    """

    loss: Annotated[dict[str, Any], Component("losses")] = Field({"name": "nt_xent"})
    projector: Literal["none", "linear", "nonlinear"] = "nonlinear"
    projector_dim: int = Field(128, ge=1)
    projector_bias: bool = True

    @field_validator("loss", mode="before")
    @classmethod
    def _on_views(cls, loss: Any) -> Any:
        return require_loss(loss, "views")


class SimCLR(TwoViews):
    """Algorithm 1: augment twice, encode, project, compare; NT-Xent or any other loss on two views (table 4)."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.projector = projector(config.projector, encoder.dim, config.projector_dim, bias=config.projector_bias)
        self.compare = loss_function(config.loss)
        labels = signature(self.compare).parameters.get("labels")
        self.takes_labels = labels is not None
        if labels is not None and (labels.default is Parameter.empty or config.loss.get("positives") == "labels"):
            require_labels(facts, f"method simclr: loss {config.loss['name']}", every=False)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        views = super().views(batch, rng)
        return replace(views, targets=batch.labels) if self.takes_labels else views

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """The loss that the settings name, of projections za, zb [B, D]; NT-Xent is eq. 1."""
        za, zb = outputs.z.chunk(2)
        return {"loss": self.compare(za, zb, views.targets) if self.takes_labels else self.compare(za, zb)}
