"""How the position of a vector enters a transformer: learned, sinusoidal, by a convolution, turned, or not at all."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from probeline.models.transformer_settings import Positions

KERNEL, GROUPS = 128, 16
"""Of the convolution: wav2vec 2.0, section 4.2."""


def positions(kind: Positions, width: int, longest: int | None) -> nn.Module:
    """The module (x [B, T, D], lengths, documents) -> what is added to x, [B, T, D] or [T, D] or 0.

    Raises ValueError for learned positions without `longest`.
    """
    if kind == "learned":
        if longest is None:
            raise ValueError("learned positions need `longest`, the most positions there may be")
        return Learned(longest, width)
    if kind == "sinusoidal":
        return Sinusoidal(width)
    return Convolution(width) if kind == "relative_convolution" else Nowhere()


def counted(x: Tensor, documents: Tensor | None) -> Tensor:
    """int64 [T], or [B, T] where a row is packed: each position's number within its document."""
    steps = torch.arange(x.shape[1], device=x.device)
    if documents is None:
        return steps
    first = F.pad(documents[:, 1:] != documents[:, :-1], (1, 0), value=True)
    return steps - (steps * first).cummax(dim=1).values


class Learned(nn.Module):
    """A vector a position (GPT, BERT)."""

    def __init__(self, longest: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(longest, width)

    def forward(self, x: Tensor, lengths: Tensor | None, documents: Tensor | None) -> Tensor:
        """Raises ValueError where there are more positions than vectors."""
        if x.shape[1] > self.table.num_embeddings:
            raise ValueError(f"{x.shape[1]} positions; there are learned vectors for {self.table.num_embeddings}")
        return self.table(counted(x, documents))


class Sinusoidal(nn.Module):
    """Sine and cosine of the position at D / 2 wavelengths (arXiv 1706.03762, section 3.5), sines first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rates: Tensor
        rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, x: Tensor, lengths: Tensor | None, documents: Tensor | None) -> Tensor:
        angles = counted(x, documents)[..., None] * self.rates
        return torch.cat([angles.sin(), angles.cos()], dim=-1).to(x.dtype)


class Convolution(nn.Module):
    """A grouped convolution of the input with weight norm, then GELU: positions relative to the neighbours.

    Padding is zeroed before it, so it changes nothing. Packed documents are not told apart.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        layer = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=math.gcd(GROUPS, width))
        nn.init.normal_(layer.weight, std=math.sqrt(4 / (KERNEL * width)))  # as in the authors' code
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.layer = weight_norm(layer, dim=2)

    def forward(self, x: Tensor, lengths: Tensor | None, documents: Tensor | None) -> Tensor:
        """Raises ValueError for packed documents."""
        if documents is not None:
            raise ValueError("positions by convolution cannot tell packed documents apart")
        if lengths is not None:
            x = x * (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[..., None]
        return F.gelu(self.layer(x.transpose(1, 2))[..., :-1]).transpose(1, 2)  # an even kernel has one output more


class Rotary(nn.Module):
    """Queries and keys turned by angles that grow with the position, so that scores depend on distances alone.

    Su, Lu, Pan, Murtadha, Wen, Liu: RoFormer: Enhanced Transformer with Rotary Position Embedding, arXiv 2104.09864,
    eq. 34, with the number i of a head's first half paired with the number i of its second one.
    """

    def __init__(self, head: int) -> None:
        """`head`: how many numbers a head has."""
        super().__init__()
        self.rates: Tensor
        rates = torch.exp(torch.arange(0, head, 2) * (-math.log(10_000) / head))
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, x: Tensor, documents: Tensor | None) -> tuple[Tensor, Tensor]:
        """Cosines and sines, [T, head / 2], or [B, 1, T, head / 2] where rows are packed."""
        angles = counted(x, documents)[..., None] * self.rates
        angles = angles if documents is None else angles[:, None]
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def turned(heads: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Queries or keys [B, H, T, head], each pair of numbers turned by its position's angle."""
    cos, sin = turn
    first, second = heads.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class Nowhere(nn.Module):
    """Nothing added: a causal trunk learns the order from its mask, and rotary positions enter in the attention."""

    def forward(self, x: Tensor, lengths: Tensor | None, documents: Tensor | None) -> float:
        return 0.0
