"""The transformer trunk of all modalities: blocks of self-attention on vectors [B, T, D], padded or packed.

Vaswani et al.: Attention Is All You Need, NeurIPS 2017, arXiv 1706.03762. Pre-norm: GPT-2 (Radford et al. 2019);
post-norm with a norm of the input: BERT, arXiv 1810.04805, and wav2vec 2.0, arXiv 2006.11477.
"""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from probeline.models.positions import Rotary, positions, turned
from probeline.models.transformer_settings import TransformerSettings

INIT_STD = 0.02
"""Of linear layers and embeddings: GPT section 4.1, BERT's and wav2vec 2.0's code."""


Turn = tuple[Tensor, Tensor]
"""Cosines and sines of rotary positions."""


class HiddenStates(NamedTuple):
    """`last`: [B, T, D], the trunk's output; `layers`: [B, T, D] of each block in order, a pre-norm trunk's not
    normalised."""

    last: Tensor
    layers: tuple[Tensor, ...]


class Transformer(nn.Module):
    """Maps [B, T, D] to [B, T, D]; positions are added here.

    Right padding changes no output of the positions before it, and packed documents none of each other's.
    """

    def __init__(self, settings: TransformerSettings, longest: int | None = None) -> None:
        """`longest`: the most positions there may be, which learned ones need."""
        super().__init__()
        self.settings = settings
        self.positions = positions(settings.positions, settings.width, longest)
        self.rotary = Rotary(settings.width // settings.heads) if settings.positions == "rotary" else None
        self.norm = nn.LayerNorm(settings.width, settings.epsilon)
        blocks = [Block(settings) for _ in range(settings.depth)]
        self.blocks = nn.ModuleList(blocks)
        self.apply(initialise)
        self._scale_residuals(0)

    def restart(self, transferred: int) -> None:
        """Initialises the blocks after the first `transferred` ones, and the last norm, from the global generator."""
        if transferred >= len(self.blocks):
            return
        if self.settings.norm == "pre":
            self.norm.reset_parameters()
        for block in self._blocks(transferred):
            block.apply(initialise)
            for norm in (block.attention_norm, block.norm):
                norm.reset_parameters()
        self._scale_residuals(transferred)

    def _blocks(self, first: int) -> list["Block"]:
        return cast(list[Block], list(self.blocks[first:]))

    def _scale_residuals(self, first: int) -> None:
        """Draws the layers that end in the residual path, those of the blocks from `first` on (GPT-2, section 2.3)."""
        if self.settings.norm == "post":
            return
        for block in self._blocks(first):
            for layer in (block.attention.merge, block.shrink):
                nn.init.normal_(layer.weight, std=INIT_STD / math.sqrt(2 * self.settings.depth))

    def forward(self, x: Tensor, lengths: Tensor | None = None, documents: Tensor | None = None) -> HiddenStates:
        """The trunk's output and each block's.

        Args:
            x: [B, T, D].
            lengths: int64 [B], the positions of each row that are not padding; None: all T.
            documents: int64 [B, T], to which of a packed row's documents a position belongs: it attends to no other
                one, and positions count from each document's first. None: a row is one document.
        """
        settings = self.settings
        x, mask, turn = self._entered(x, lengths, documents)
        layers = []
        for block in self.blocks:
            if not (self.training and settings.layer_drop and float(torch.rand(())) < settings.layer_drop):
                x = self._block(block, x, mask, turn)
            layers.append(x)
        return HiddenStates(self.norm(x) if settings.norm == "pre" else x, tuple(layers))

    def last_attention(self, x: Tensor, lengths: Tensor | None = None, documents: Tensor | None = None) -> Tensor:
        """The weights of the last block's attention, [B, heads, T, T]; each row sums to 1. Arguments as `forward`."""
        x, mask, turn = self._entered(x, lengths, documents)
        *before, last = self._blocks(0)
        for block in before:
            x = block(x, mask, turn)
        return last.attention.weights(last.attention_norm(x) if last.pre else x, mask, turn)

    def _entered(
        self, x: Tensor, lengths: Tensor | None, documents: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Turn | None]:
        """What the first block takes: the input with positions, the mask, the turn of rotary positions."""
        settings = self.settings
        x = x + self.positions(x, lengths, documents)
        x = self.norm(x) if settings.norm == "post" else x
        x = F.dropout(x, settings.dropout, self.training)
        mask = attention_mask(x, lengths, documents, settings.causal)
        return x, mask, None if self.rotary is None else self.rotary(x, documents)

    def _block(self, block: nn.Module, x: Tensor, mask: Tensor | None, turn: Turn | None) -> Tensor:
        if self.settings.checkpointing and self.training and torch.is_grad_enabled():
            return checkpoint(block, x, mask, turn, use_reentrant=False)
        return block(x, mask, turn)


class Block(nn.Module):
    """Self-attention and a feed-forward layer, each with a residual connection, a layer norm and dropout."""

    def __init__(self, settings: TransformerSettings) -> None:
        super().__init__()
        width, hidden = settings.width, settings.feedforward or 4 * settings.width
        self.pre, self.dropout = settings.norm == "pre", settings.dropout
        self.approximate = "tanh" if settings.activation == "gelu_tanh" else "none"
        self.attention = Attention(settings)
        self.attention_norm, self.norm = (nn.LayerNorm(width, settings.epsilon) for _ in range(2))
        self.grow, self.shrink = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor, mask: Tensor | None, turn: Turn | None) -> Tensor:
        if self.pre:
            x = x + self._dropped(self.attention(self.attention_norm(x), mask, turn))
            return x + self._dropped(self._feedforward(self.norm(x)))
        x = self.attention_norm(x + self._dropped(self.attention(x, mask, turn)))
        return self.norm(x + self._dropped(self._feedforward(x)))

    def _feedforward(self, x: Tensor) -> Tensor:
        return self.shrink(F.gelu(self.grow(x), approximate=self.approximate))

    def _dropped(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training) if self.dropout else x


class Attention(nn.Module):
    """Multi-head self-attention by torch's `scaled_dot_product_attention`, which chooses the kernel."""

    def __init__(self, settings: TransformerSettings) -> None:
        super().__init__()
        self.heads, self.causal = settings.heads, settings.causal
        self.dropout = settings.dropout if settings.attention_dropout is None else settings.attention_dropout
        self.project = nn.Linear(settings.width, 3 * settings.width)
        self.merge = nn.Linear(settings.width, settings.width)

    def forward(self, x: Tensor, mask: Tensor | None, turn: Turn | None) -> Tensor:
        """x: [B, T, D]; mask: bool, True where a query (third axis) may look at a key (last axis); turn: rotary's."""
        query, key, value = self._projected(x, turn)
        dropout = self.dropout if self.training else 0.0
        causal = self.causal and mask is None
        joined = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout, is_causal=causal)
        return self.merge(joined.transpose(1, 2).reshape(x.shape))

    def weights(self, x: Tensor, mask: Tensor | None, turn: Turn | None) -> Tensor:
        """[B, heads, T, T], how much a query (third axis) takes of each key (last axis). Arguments as `forward`."""
        query, key, _ = self._projected(x, turn)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
        if self.causal and mask is None:
            mask = torch.ones_like(scores, dtype=torch.bool).tril()
        return (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)

    def _projected(self, x: Tensor, turn: Turn | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each [B, heads, T, D / heads]."""
        query, key, value = (
            part.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for part in self.project(x).split(x.shape[2], dim=2)
        )
        return (query, key, value) if turn is None else (turned(query, turn), turned(key, turn), value)


def attention_mask(x: Tensor, lengths: Tensor | None, documents: Tensor | None, causal: bool) -> Tensor | None:
    """bool [B, 1, T or 1, T], True where a query may look at a key; None: everywhere, or as `is_causal` says.

    A causal trunk needs no mask for padding on the right: nothing before it sees it.
    """
    length = x.shape[1]
    if documents is not None:
        mask = (documents[:, :, None] == documents[:, None, :])[:, None]
        return mask & x.new_ones(length, length, dtype=torch.bool).tril() if causal else mask
    if lengths is None or causal:
        return None
    steps = torch.arange(length, device=x.device)
    return (steps < lengths.clamp(min=1)[:, None])[:, None, None, :]  # a row of padding alone looks at its first


def initialise(module: nn.Module) -> None:
    """Normal weights of standard deviation INIT_STD, zero biases, for linear layers and embeddings."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=INIT_STD)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
