"""Samples of tokens that are longer than a network reads, in pieces, and h of the vectors of their tokens."""

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


def pooled_tokens(frames: Tensor, lengths: Tensor | None, pool: str) -> Tensor:
    """[B, D] of frames [B, T, D]: the mean over those that are not padding, the first, or the last of them."""
    if pool == "first":
        return frames[:, 0]
    if lengths is None:
        return frames.mean(1) if pool == "mean" else frames[:, -1]
    lengths = lengths.clamp(min=1)
    if pool == "last":
        return frames[torch.arange(len(frames), device=frames.device), lengths - 1]
    real = torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]
    return (frames * real[..., None]).sum(1) / lengths[:, None]
