"""A causal model of a sequence of codes: each code given those before it, by dilated convolutions with gates.

Van den Oord et al.: WaveNet, A Generative Model for Raw Audio, arXiv 1609.03499, sections 2.1 to 2.4.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.models.pixelcnn import gated

DILATIONS = (1, 2, 4, 8)


class WaveNet(nn.Module):
    """Indices [B, P] of `codes` kinds in, logits [B, codes, P] out; each depends on those before it only."""

    def __init__(self, codes: int, width: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, width)
        self.layers = nn.ModuleList(_DilatedLayer(width, DILATIONS[layer % len(DILATIONS)]) for layer in range(layers))
        self.last = nn.Sequential(nn.ReLU(), nn.Conv1d(width, width, 1), nn.ReLU(), nn.Conv1d(width, codes, 1))

    def forward(self, index: Tensor) -> Tensor:
        """Logits [B, codes, P] of indices [B, P]."""
        x = F.pad(self.embedding(index).transpose(1, 2), (1, 0))[:, :, :-1]  # position p holds code p - 1
        total = torch.zeros_like(x)
        for layer in self.layers:
            x, skip = layer(x)
            total = total + skip
        return self.last(total)

    def log_probability(self, index: Tensor) -> Tensor:
        """[B, P], nats: log p of each code of `index` [B, P] given those before it."""
        return -F.cross_entropy(self(index).float(), index, reduction="none")

    @torch.no_grad()
    def sample(self, uniform: Tensor) -> Tensor:
        """Codes [B, P], one after the other; uniform: [B, P] in [0, 1), by inverting the distribution."""
        index = torch.zeros_like(uniform, dtype=torch.int64)
        for position in range(uniform.shape[1]):
            share = self(index[:, : position + 1])[:, :, position].double().softmax(1).cumsum(1)
            code = torch.searchsorted(share, uniform[:, position, None].double(), right=True)
            index[:, position] = code[:, 0].clamp(max=share.shape[1] - 1)
        return index


class _DilatedLayer(nn.Module):
    """A causal convolution of kernel 2 with a gate; what is added to its input, and what goes to the output."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.conv = nn.Conv1d(width, 2 * width, 2, dilation=dilation)
        self.onward, self.out = nn.Conv1d(width, width, 1), nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        unit = gated(self.conv(F.pad(x, (self.dilation, 0))))
        return x + self.onward(unit), self.out(unit)
