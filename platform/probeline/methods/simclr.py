"""SimCLR: two views of a sample attract, views of other samples repel.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations,
ICML 2020, arXiv 2002.05709.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.data.augment.settings import Augment, Augmentation
from probeline.data.augment.views import two_views
from probeline.data.draws import Draws
from probeline.data.loader import Batch
from probeline.data.parts import Facts
from probeline.losses import nt_xent
from probeline.methods.base import Method, Outputs, Views
from probeline.models.projector import projector
from probeline.spec.settings import Component, Settings


class Config(Settings):
    """Defaults are the paper's for CIFAR-10 (B.9): temperature 0.5, colour strength 0.5, no blur."""

    temperature: float = Field(0.5, gt=0)
    projector: Literal["none", "linear", "nonlinear"] = "nonlinear"
    projector_dim: int = Field(128, ge=1)
    augment: Augmentation = Augment()
    augment_other: Annotated[Augment | list[dict[str, Any]] | None, Component("augmentations")] = Field(
        None, description="The second view's, where it differs: figure 5 puts what it studies on one branch only."
    )


class SimCLR(Method):
    """Algorithm 1: augment twice, encode, project, NT-Xent."""

    two_views = True

    def __init__(self, config: Config, encoder: nn.Module, facts: Facts) -> None:
        super().__init__(config, encoder, facts)
        self.projector = projector(config.projector, encoder.dim, config.projector_dim)

    @torch.no_grad()
    def views(self, batch: Batch, draws: Draws) -> Views:
        return Views(two_views(batch.inputs, self.config.augment, self.config.augment_other, draws))

    def forward(self, views: Views) -> Outputs:
        h = self.encoder(views.inputs)
        return Outputs(h, self.projector(h))

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        za, zb = outputs.z.chunk(2)
        return {"loss": nt_xent(za, zb, self.config.temperature)}

    def project(self, h: Tensor) -> Tensor:
        return self.projector(h)
