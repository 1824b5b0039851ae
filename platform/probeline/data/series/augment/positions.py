"""Series read at positions between their steps."""

import torch
from torch import Tensor


def real_lengths(inputs: Tensor, lengths: Tensor | None) -> Tensor:
    """int64 [B]: the lengths, those of inputs [B, T, F] without padding where there are none."""
    return torch.full((len(inputs),), inputs.shape[1], device=inputs.device) if lengths is None else lengths


def steps_within(lengths: Tensor, steps: int) -> Tensor:
    """int64 [B, steps]: 0, 1, 2, ..., and beyond a sample's end its last step (0 of an empty one)."""
    last = (lengths - 1).clamp_min(0)[:, None]
    return torch.arange(steps, device=lengths.device).expand(len(lengths), -1).clamp_max(last)


def states(inputs: Tensor) -> Tensor:
    """bool [B, 1, F]: columns of a sample that are 0 or 1 at every step of inputs [B, T, F], such as a pen's state.

    Operations keep them so: nothing lies between two states, and they have no size.
    """
    return ((inputs == 0) | (inputs == 1)).all(1, keepdim=True)


def read_at(inputs: Tensor, positions: Tensor) -> Tensor:
    """inputs: [B, T, F] at positions [B, S] in steps -> [B, S, F], linear between two steps, of states the nearer."""
    if inputs.shape[1] == 0:
        return inputs
    before = positions.floor().long().clamp(0, inputs.shape[1] - 1)
    after = (before + 1).clamp_max(inputs.shape[1] - 1)
    share = (positions - before)[:, :, None]
    first, second = (inputs.gather(1, at[:, :, None].expand(-1, -1, inputs.shape[2])) for at in (before, after))
    return torch.where(states(inputs), torch.where(share < 0.5, first, second), torch.lerp(first, second, share))


def mean_and_std(inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """[B, 1, F] each, over the real steps of inputs [B, T, F] whose padding is 0; std with divisor T."""
    count = lengths.clamp_min(1)[:, None, None]
    mean = inputs.sum(1, keepdim=True) / count
    real = (torch.arange(inputs.shape[1], device=inputs.device) < lengths[:, None])[:, :, None]
    return mean, (((inputs - mean) * real).square().sum(1, keepdim=True) / count).sqrt()
