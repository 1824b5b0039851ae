"""Frames of a sample to one vector, padded frames left out."""

from typing import Literal

import torch
from torch import Tensor

Pooling = Literal["mean", "mean_and_deviation"]
Pool = Literal["mean", "first", "last"]
"""Which vector stands for a sample's frames, or tokens."""


def real_frames(lengths: Tensor, frames: int) -> Tensor:
    """bool [B, T]: which of T frames are within a sample's own `lengths` [B]."""
    return torch.arange(frames, device=lengths.device) < lengths[:, None]


def pooled(frames: Tensor, lengths: Tensor | None, pooling: Pooling = "mean") -> Tensor:
    """h [B, D], or [B, 2 D] with the deviations, of frames [B, T, D]."""
    if lengths is None:
        mean = frames.mean(1)
        return mean if pooling == "mean" else torch.cat([mean, frames.std(1, correction=0)], dim=1)
    real, count = real_frames(lengths, frames.shape[1])[..., None], lengths[:, None].clamp(min=1)
    mean = (frames * real).sum(1) / count
    if pooling == "mean":
        return mean
    square = ((frames - mean[:, None]) * real).square().sum(1) / count
    return torch.cat([mean, square.sqrt()], dim=1)


def one_vector(frames: Tensor, lengths: Tensor | None, pool: Pool) -> Tensor:
    """[B, D] of frames [B, T, D]: the mean over those that are not padding, the first, or the last of them."""
    if pool == "mean":
        return pooled(frames, lengths)
    if pool == "first":
        return frames[:, 0]
    if lengths is None:
        return frames[:, -1]
    return frames[torch.arange(len(frames), device=frames.device), lengths.clamp(min=1) - 1]


def dimension(features: int, pooling: Pooling) -> int:
    """The size of h of frames of `features` numbers."""
    return features if pooling == "mean" else 2 * features
