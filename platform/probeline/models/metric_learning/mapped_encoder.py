"""An encoder with a linear map behind it: Euclidean distances of its h are those of the map's metric."""

import torch
from torch import Tensor, nn

from probeline.core.encoder import Encoded, Encoder


class MappedEncoder(Encoder):
    """h = L (f(x) - m), m the mean of the training samples; frames and layers are those of f.

    Until `learned` is called h is f(x), whatever `dim` says: that is what L is learned from.
    """

    def __init__(self, encoder: Encoder, dim: int) -> None:
        super().__init__()
        self.encoder, self.dim, self.frame_rate = encoder, dim, encoder.frame_rate
        self.map = _kept(torch.eye(dim, encoder.dim))
        self.mean = _kept(torch.zeros(encoder.dim))
        self.is_learned = _kept(torch.tensor(0.0))

    def learned(self, mapping: Tensor, mean: Tensor) -> None:
        """Keep L [dim, D] and m [D]."""
        for parameter, value in ((self.map, mapping), (self.mean, mean), (self.is_learned, torch.tensor(1.0))):
            parameter.copy_(value)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        encoded = self.encoder(x, lengths)
        return encoded._replace(h=(encoded.h - self.mean) @ self.map.T) if self.is_learned else encoded


def _kept(value: Tensor) -> nn.Parameter:
    """A parameter that no gradient changes: it is stored with the encoder."""
    return nn.Parameter(value, requires_grad=False)
