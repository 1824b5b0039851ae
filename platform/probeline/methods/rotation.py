"""RotNet: say by how many quarter turns an image was rotated.

Gidaris, Singh, Komodakis: Unsupervised Representation Learning by Predicting Image Rotations,
ICLR 2018, arXiv 1803.07728.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.data.augment.rotations import quarter_turns
from probeline.data.augment.settings import Augment, Augmentation
from probeline.data.augment.views import augment
from probeline.data.draws import Draws
from probeline.data.loader import Batch
from probeline.data.parts import Facts
from probeline.methods.base import Method, Outputs, Views, top1
from probeline.spec.settings import Settings


class Config(Settings):
    """The paper crops after padding by 4 and flips; here a random resized crop of 60-100% of the area and a flip.

    The deviation keeps one crop operation for all methods.
    """

    augment: Augmentation = Augment(crop_scale=(0.6, 1.0), jitter=0.0, grey=0.0)


class Rotation(Method):
    """Eq. 2 and 3: all four copies of an image stand in the same batch."""

    def __init__(self, config: Config, encoder: nn.Module, facts: Facts) -> None:
        super().__init__(config, encoder, facts)
        self.head = nn.Linear(encoder.dim, 4)

    @torch.no_grad()
    def views(self, batch: Batch, draws: Draws) -> Views:
        return Views(*quarter_turns(augment(batch.inputs, self.config.augment, draws)))

    def forward(self, views: Views) -> Outputs:
        h = self.encoder(views.inputs)
        return Outputs(h, self.head(h))

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        return {"loss": F.cross_entropy(outputs.z, views.targets), "top1": top1(outputs.z, views.targets)}
