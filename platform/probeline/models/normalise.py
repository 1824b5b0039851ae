"""An encoder that normalises its pixels first."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from probeline.core.encoder import Encoded, Encoder


class Normalised(Encoder):
    """`model` on (x - mean) / std, x: [B, C, H, W] in [0, 1]; `dim` is the size of its output."""

    mean: Tensor
    std: Tensor

    def __init__(
        self, model: nn.Module, dim: int, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)
    ) -> None:
        super().__init__()
        self.model, self.dim = model, dim
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        return Encoded(self.model((x - self.mean) / self.std))
