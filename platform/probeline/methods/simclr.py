"""SimCLR: two views of a sample attract, views of other samples repel.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations,
ICML 2020, arXiv 2002.05709.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.data.augment.settings import Augment
from probeline.data.augment.views import augment
from probeline.data.loader import Batch
from probeline.data.parts import Facts
from probeline.losses import nt_xent
from probeline.methods.base import Method, Outputs, Views
from probeline.models.projector import projector
from probeline.spec.settings import Settings


class Config(Settings):
    """Defaults are the paper's for CIFAR-10 (B.9): temperature 0.5, colour strength 0.5, no blur."""

    temperature: float = Field(0.5, gt=0)
    projector: Literal["none", "linear", "nonlinear"] = "nonlinear"
    projector_dim: int = Field(128, ge=1)
    augment: Augment = Augment()


class SimCLR(Method):
    """Algorithm 1: augment twice, encode, project, NT-Xent."""

    def __init__(self, config: Config, encoder: nn.Module, facts: Facts) -> None:
        super().__init__(config, encoder, facts)
        self.projector = projector(config.projector, encoder.dim, config.projector_dim)

    @torch.no_grad()
    def views(self, batch: Batch, generator: torch.Generator) -> Views:
        both = torch.cat([batch.inputs, batch.inputs])
        return Views(augment(both, self.config.augment, generator))

    def forward(self, views: Views) -> Outputs:
        h = self.encoder(views.inputs)
        return Outputs(h, self.projector(h))

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        za, zb = outputs.z.chunk(2)
        return {"loss": nt_xent(za, zb, self.config.temperature)}
