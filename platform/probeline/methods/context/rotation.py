"""RotNet: recognise by how much an image was rotated.

Gidaris, Singh, Komodakis: Unsupervised Representation Learning by Predicting Image Rotations,
ICLR 2018, arXiv 1803.07728.
"""

from typing import Literal, Self, cast

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.metric import percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.data.augment.views import augment
from probeline.data.images.augment.rotations import turns
from probeline.data.images.augment.settings import Augment, Augmentation
from probeline.errors import BadData
from probeline.methods._shapes import view_shape
from probeline.methods.base import top1

METRICS = {"top1": percentage("training top-1 accuracy")}

VERSION = 2  # views are drawn by sample since 2


class Config(Settings):
    """The paper crops after padding by 4 and flips; here a random resized crop of 60-100% of the area and a flip.

    The deviation keeps one crop operation for all methods. `rotations` of table 2: [0, 90, 180, 270], [0, 180],
    [90, 270], or all eight multiples of 45.
    """

    rotations: list[Literal[0, 45, 90, 135, 180, 225, 270, 315]] = Field(
        [0, 90, 180, 270], min_length=2, description="Degrees counter-clockwise, each a class."
    )
    augment: Augmentation = Augment(crop_scale=(0.6, 1.0), jitter=0.0, grey=0.0)

    @model_validator(mode="after")
    def _no_angle_twice(self) -> Self:
        if len(set(self.rotations)) < len(self.rotations):
            raise ValueError(f"rotations {self.rotations} names an angle twice; each is a class of its own")
        return self


class Rotation(Method):
    """Eq. 2 and 3: all copies of an image stand in the same batch."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        _, height, width = view_shape(config.augment, facts)
        if height != width and any(angle % 180 for angle in config.rotations):
            raise BadData(
                f"method rotation: images are {height}x{width}, and quarter turns keep the shape of squares only; set "
                "method.rotations: [0, 180], or load or crop the images square"
            )
        self.head = nn.Linear(encoder.dim, len(config.rotations))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        return Views(*turns(augment(batch.inputs, self.config.augment, rng), self.config.rotations))

    def forward(self, views: Views) -> Outputs:
        """z: logits [K * B, K] of the K rotations."""
        h = self.encoder(views.inputs).h
        return Outputs(h, self.head(h))

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 3: cross entropy, nats, and how often the rotation is recognised."""
        targets = cast(Tensor, views.targets)
        return {"loss": F.cross_entropy(outputs.z, targets), "top1": top1(outputs.z, targets)}
