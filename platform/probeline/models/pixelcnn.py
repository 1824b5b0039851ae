"""A causal model of a grid of codes: each code given those above it and those to its left.

Van den Oord et al.: Conditional Image Generation with PixelCNN Decoders, NeurIPS 2016, arXiv 1606.05328, section 2: a
stack for the rows above and one for the row so far, so that no code before is out of sight, with gates.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PixelCNN(nn.Module):
    """Indices [B, h, w] of `codes` kinds in, logits [B, codes, h, w] out; each depends on those before it only."""

    def __init__(self, codes: int, width: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, width)
        self.layers = nn.ModuleList(_Layer(width) for _ in range(layers))
        self.last = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, codes, 1))

    def forward(self, index: Tensor) -> Tensor:
        """Logits [B, codes, h, w] of indices [B, h, w]."""
        return self.of_vectors(self.embedding(index).permute(0, 3, 1, 2))

    def of_vectors(self, vectors: Tensor) -> Tensor:
        """Logits of the codes' embeddings [B, width, h, w]."""
        above = F.pad(vectors, (0, 0, 1, 0))[:, :, :-1]  # row r holds row r - 1
        before = F.pad(vectors, (1, 0))[:, :, :, :-1]  # column c holds column c - 1
        for layer in self.layers:
            above, before = layer(above, before)
        return self.last(above + before)

    def log_probability(self, index: Tensor) -> Tensor:
        """[B, h, w], nats: log p of each code of `index` [B, h, w] given those before it."""
        return -F.cross_entropy(self(index).float(), index, reduction="none")

    @torch.no_grad()
    def sample(self, uniform: Tensor) -> Tensor:
        """Codes [B, h, w], position by position; uniform: [B, h, w] in [0, 1), by inverting the distribution."""
        index = torch.zeros_like(uniform, dtype=torch.int64)
        for row in range(uniform.shape[1]):
            for column in range(uniform.shape[2]):
                share = self(index[:, : row + 1])[:, :, row, column].double().softmax(1).cumsum(1)
                code = torch.searchsorted(share, uniform[:, row, column, None].double(), right=True)
                index[:, row, column] = code[:, 0].clamp(max=share.shape[1] - 1)
        return index


class _Layer(nn.Module):
    """Figure 2 of the paper: gated convolutions for the rows above and the row so far, the first feeding the second."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.vertical = nn.Conv2d(width, 2 * width, (2, 3))
        self.horizontal = nn.Conv2d(width, 2 * width, (1, 2))
        self.between = nn.Conv2d(2 * width, 2 * width, 1)
        self.above, self.left = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)

    def forward(self, above: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """The vertical and the horizontal stack, each [B, width, h, w], one layer on."""
        down = self.vertical(F.pad(above, (1, 1, 1, 0)))
        along = self.horizontal(F.pad(before, (1, 0))) + self.between(down)
        return above + self.above(gated(down)), before + self.left(gated(along))


def gated(x: Tensor) -> Tensor:
    """tanh(a) * sigmoid(b), [B, C, h, w], of x = (a, b), [B, 2C, h, w] (eq. 2)."""
    value, gate = x.chunk(2, dim=1)
    return torch.tanh(value) * torch.sigmoid(gate)
