"""Samples of tokens that are longer than a network reads, in pieces."""

import torch
from torch import Tensor
from torch.nn import functional as F


def in_pieces(x: Tensor, lengths: Tensor | None, context: int) -> tuple[Tensor, Tensor]:
    """[B * pieces, context] of tokens [B, T], padded with 0, and how much of each piece is real."""
    pieces = -(-x.shape[1] // context)
    starts = torch.arange(pieces, device=x.device) * context
    whole = lengths if lengths is not None else x.new_full((len(x),), x.shape[1])
    real = (whole[:, None] - starts).clamp(0, context)
    return F.pad(x, (0, pieces * context - x.shape[1])).reshape(-1, context), real.flatten()
