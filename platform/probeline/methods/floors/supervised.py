"""Supervised training with cross entropy: what the labels are worth to the same encoder.

The reference line of most self-supervised papers, for example SimCLR's table 1 (arXiv 2002.05709).
"""

from typing import cast

import torch
from pydantic import Field
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
from probeline.data.images.augment.settings import Augment, Augmentation
from probeline.methods.base import require_labels, top1

TAKES = ("image", "waveform", "series", "vector")
NEEDS = ("labels",)
METRICS = {"top1": percentage("training top-1 accuracy")}

VERSION = 2  # views are drawn by sample since 2


class Config(Settings):
    """By default crop and flip only; give `augment` the values of another method to compare like with like."""

    augment: Augmentation = Augment(jitter=0.0, grey=0.0)
    label_smoothing: float = Field(0.0, ge=0, lt=1)


class Supervised(Method):
    """A linear classifier on h, trained with the encoder."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        require_labels(facts, "method supervised", every=True)
        self.head = nn.Linear(encoder.dim, len(facts.classes))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        return Views(
            augment(batch.inputs, self.config.augment, rng, batch.lengths), batch.labels, lengths=batch.lengths
        )

    def forward(self, views: Views) -> Outputs:
        """z: logits [B, classes]."""
        h = self.encoder(views.inputs, views.lengths).h
        return Outputs(h, self.head(h))

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Cross entropy, nats, and accuracy on the batch's views."""
        targets = cast(Tensor, views.targets)
        loss = F.cross_entropy(outputs.z, targets, label_smoothing=self.config.label_smoothing)
        return {"loss": loss, "top1": top1(outputs.z, targets)}
