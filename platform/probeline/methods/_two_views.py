"""What methods on two views of a sample share: making the views, encoding and projecting them."""

import torch
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import two_views


class TwoViews(Method):
    """Encodes and projects both views; a subclass sets `projector` and has a loss.

    Both views pass the networks together, so batch norm's statistics are those of 2B views. Authors' codes that encode
    one view after the other normalise each by its own.
    """

    two_views = True
    projector: nn.Module

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        inputs = two_views(batch.inputs, self.config.augment, self.config.augment_other, rng, batch.lengths)
        return Views(inputs, lengths=None if batch.lengths is None else batch.lengths.repeat(2))

    def forward(self, views: Views) -> Outputs:
        """h [2B, dim] and z [2B, D] of both views."""
        h = self.encoder(views.inputs, views.lengths).h
        return Outputs(h, self.projector(h))

    def project(self, h: Tensor) -> Tensor:
        return self.projector(h)
