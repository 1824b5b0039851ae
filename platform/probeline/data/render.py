"""A sample as a small picture, one way for each kind of samples: what contact sheets and panels show."""

from collections.abc import Callable

import numpy as np
import torch

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.data.series import pictures
from probeline.models.spectral import LogMel

SECONDS = 1.6  # of a clip that are shown
BANDS = 40
RANGE = 10.0  # nats of energy from black to white

Render = Callable[[Split, int], np.ndarray]
"""(split, row) -> uint8 or uint16 [H, W, C]."""


def renderer(sample: SampleSpec) -> Render | None:
    """What draws samples of that kind; None for those that have no picture yet."""
    if sample.modality == "image":
        return lambda split, row: np.asarray(split.inputs[row : row + 1])[0]
    if sample.modality == "waveform" and sample.rate:
        return _LogMelPicture(sample.rate)
    return {"series": _trajectory, "vector": _bars}.get(sample.modality)


def _trajectory(split: Split, row: int) -> np.ndarray:
    if not isinstance(split.inputs, Ragged):
        raise TypeError("series are a ragged column")
    return pictures.trajectory(split.inputs.row(row))


def _bars(split: Split, row: int) -> np.ndarray:
    values = np.asarray(split.inputs)
    return pictures.bars(values[row], values.min(0), values.max(0))


class _LogMelPicture:
    """Log-mel energies of the first 1.6 s, low bands below, the loudest white."""

    def __init__(self, rate: int) -> None:
        self.samples, self.log_mel = round(SECONDS * rate), LogMel(rate, BANDS if rate >= 8000 else BANDS // 4)

    def __call__(self, split: Split, row: int) -> np.ndarray:
        if not isinstance(split.inputs, Ragged):
            raise TypeError("waveforms are a ragged column")
        values = torch.from_numpy(np.array(split.inputs.row(row)[: self.samples])).float() / 32768
        energies = self.log_mel(values[None])[0].T.flip(0)
        level = ((energies - energies.max()) / RANGE + 1).clamp(0, 1)
        return (255 * level).round().byte().numpy()[..., None]
