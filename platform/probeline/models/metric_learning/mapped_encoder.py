"""An encoder with a linear map behind it: Euclidean distances of its h are those of the map's metric."""

import torch
from torch import Tensor, nn

from probeline.core.encoder import Encoded, Encoder


class MappedEncoder(Encoder):
    """h = L f(x), L [dim, D] the identity's first rows until it is learned; frames and layers are those of f."""

    def __init__(self, encoder: Encoder, dim: int) -> None:
        super().__init__()
        self.encoder, self.dim, self.frame_rate = encoder, dim, encoder.frame_rate
        self.map = nn.Parameter(torch.eye(dim, encoder.dim), requires_grad=False)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        encoded = self.encoder(x, lengths)
        return encoded._replace(h=encoded.h @ self.map.T)
