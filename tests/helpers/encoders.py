"""An encoder of any module that makes h."""

from probeline.core.encoder import Encoded, Encoder
from torch import Tensor, nn


class Wrapped(Encoder):
    """h = module(x), a vector a sample."""

    def __init__(self, module: nn.Module, dim: int = 0) -> None:
        super().__init__()
        self.module, self.dim = module, dim

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        return Encoded(self.module(x))
