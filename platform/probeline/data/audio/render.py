"""A waveform as a picture: log-mel energies of its beginning, time to the right, low bands below, the loudest white."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.models.spectral import HOP_S, LogMel

SECONDS = 1.6
"""Of a clip that are shown; a shorter one ends in black."""

BANDS = 40
RANGE = 10.0
"""Nats of energy from black to white."""


def render(values: Tensor, rate: int) -> Tensor:
    """values: [T] without padding, at `rate` a second -> [1, BANDS, frames of SECONDS] in [0, 1]."""
    log_mel, frames = _log_mel(rate), round(SECONDS / HOP_S)
    if not len(values):
        return torch.zeros(1, BANDS, frames)
    energies = log_mel(values.detach().cpu()[None, : round(SECONDS * rate)])[0].T.flip(0)
    levels = ((energies - energies.max()) / RANGE + 1).clamp(0, 1)
    levels = levels.repeat_interleave(BANDS // len(levels), dim=0)[None, :, :frames]
    return F.pad(levels, (0, frames - levels.shape[2]))


@lru_cache(maxsize=8)
def _log_mel(rate: int) -> LogMel:
    return LogMel(rate, BANDS if rate >= 8000 else BANDS // 4)
