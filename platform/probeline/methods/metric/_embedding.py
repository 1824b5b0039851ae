"""What methods on pairs and on classes have in common: one view of every sample, and a linear map of h to z."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.methods.metric._metric_settings import MetricSettings

C = TypeVar("C", bound=MetricSettings)


class MetricMethod(Method[C]):
    """One view of every sample of the batch; a subclass says which samples make a batch, and has a loss."""

    def __init__(self, config: C, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.label = facts.extra(config.label)
        self.dim = config.embedding_dim or encoder.dim
        self.embedding = nn.Linear(encoder.dim, self.dim) if config.embedding_dim else None

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """Views in the order of the batch, role after role; `targets`: labels."""
        inputs = augment(batch.inputs, self.config.augment, rng, batch.lengths)
        return Views(inputs, batch.labels, lengths=batch.lengths)

    def forward(self, views: Views) -> Outputs:
        h = self.encoder(views.inputs, views.lengths).h
        return Outputs(h, h if self.embedding is None else self.embedding(h))

    def project(self, h: Tensor) -> Tensor | None:
        return None if self.embedding is None else self.embedding(h)
