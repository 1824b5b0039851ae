"""Exemplar networks: every sample is a class of its own, and the classifier has a weight vector for each.

Dosovitskiy, Fischer, Springenberg, Riedmiller, Brox: Discriminative Unsupervised Feature Learning with Exemplar
Convolutional Neural Networks, NIPS 2014 and TPAMI 2016, arXiv 1406.6909.
"""

import torch
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
from probeline.methods.base import top1, training_rows

TAKES = ("image", "waveform", "series", "vector")
METRICS = {"top1": percentage("training top-1 accuracy")}


class Config(Settings):
    """The augmentation is that of `instance_discrimination`, its non-parametric twin, so that the two compare.

    The paper's own moves, scales, turns and recolours 32x32 patches of high contrast, 8,000 of them at most; here
    every training sample is a class, and an epoch shows each once, not 100 times.
    """

    augment: Augmentation = Augment(crop_scale=(0.2, 1.0), flip=0.0, jitter=1.0)


class Exemplar(Method):
    """Eq. 1 and 2: cross entropy over the samples. The weights, [samples, dim], grow with the data."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.instances = nn.Linear(encoder.dim, facts.train_size)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        return Views(
            augment(batch.inputs, self.config.augment, rng, batch.lengths), index=batch.index, lengths=batch.lengths
        )

    def forward(self, views: Views) -> Outputs:
        h = self.encoder(views.inputs, views.lengths).h
        return Outputs(h, h)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 1: cross entropy, nats, of which training sample a view is of."""
        index = training_rows(views.index, self.instances.out_features, checked=not self.training)
        logits = self.instances(outputs.z).float()
        return {"loss": F.cross_entropy(logits, index), "top1": top1(logits, index)}
