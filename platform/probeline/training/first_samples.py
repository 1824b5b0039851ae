"""The part of a large split that has enough frames for what is fitted to some of them, such as clusters."""

import numpy as np
from torch import nn

from probeline.core.columns import Ragged
from probeline.core.dataset import Split

MANY, SPARE = 4, 1.25
"""Of a split with so many times the frames that are enough, so many times are computed: clips end within a frame."""


def first_samples(split: Split, encoder: nn.Module, rate: int | None, enough: int) -> Split:
    """The first samples of a split that has `MANY` times as many frames as are enough, or the split.

    Args:
        rate: values a second of the samples. enough: frames.
    """
    frame_rate = getattr(encoder, "frame_rate", None)
    if not isinstance(split.inputs, Ragged) or rate is None or frame_rate is None:
        return split
    values = enough * rate / frame_rate
    if split.inputs.offsets[-1] < MANY * values:
        return split
    return split[: int(np.searchsorted(split.inputs.offsets, SPARE * values)) + 1]
