"""A method on a device of little memory: its forward has room for `fits` samples at a time."""

import torch
from probeline.core.batch import Outputs, Views
from probeline.core.method import Method
from probeline.core.settings import Settings
from probeline.losses.nt_xent import nt_xent
from torch import nn


class Config(Settings):
    """`fits`: samples; `norm`: whether the projector has a batch norm, which looks at more than one sample."""

    fits: int = 1000
    norm: bool = False


class Narrow(Method):
    """NT-Xent of two noisy views: a loss in which every sample meets every other."""

    def __init__(self, config, encoder, facts):
        super().__init__(config, encoder, facts)
        self.head = nn.Sequential(nn.Linear(encoder.dim, 32), nn.BatchNorm1d(32) if config.norm else nn.Tanh())

    def views(self, batch, rng):
        images = batch.inputs.float().flatten(1)
        noise = [rng.normal(images.shape[1], name) for name in ("one", "other")]
        return Views(torch.cat([images + 0.1 * each for each in noise]).unflatten(1, batch.inputs.shape[1:]))

    def forward(self, views):
        if len(views.inputs) > 2 * self.config.fits and self.training:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        h = self.encoder(views.inputs).h
        return Outputs(h, self.head(h))

    def loss(self, outputs, views):
        return {"loss": nt_xent(*outputs.z.chunk(2))}
