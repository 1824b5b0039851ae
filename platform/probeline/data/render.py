"""Samples as small pictures, one way for each kind of samples: what contact sheets, panels and `views` show."""

import numpy as np
import torch
from torch import Tensor

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.data.audio import render as audio
from probeline.data.loader import as_inputs
from probeline.data.series import render as series
from probeline.data.text import render as text
from probeline.data.vectors import render as vectors
from probeline.errors import NotApplicable


def has_picture(sample: SampleSpec) -> bool:
    """Whether samples of this kind can be drawn."""
    needed = {"waveform": sample.rate, "tokens": sample.tokenizer}  # without which there is nothing to draw
    return bool(needed.get(sample.modality, True))


def picture(values: Tensor, sample: SampleSpec) -> Tensor:
    """One sample as an encoder takes it, without padding -> [C, H, W] in [0, 1]; all of a kind have one size.

    An image is its own picture. Raises NotApplicable for kinds that have none.
    """
    match sample.modality:
        case "image":
            return values
        case "waveform" if sample.rate:
            return audio.render(values, sample.rate)
        case "tokens" if sample.tokenizer:
            return text.render(values, sample.tokenizer)
        case "series":
            return series.render(values)
        case "vector":
            return vectors.render(values)
    raise NotApplicable(f"samples of the kind {sample.modality} have no picture")


def pictures(inputs: Tensor, lengths: Tensor | None, sample: SampleSpec) -> Tensor:
    """inputs: [N, ...] as an encoder takes them -> [N, C, H, W] in [0, 1]. Raises NotApplicable."""
    if sample.modality == "image":
        return inputs
    ends = [None] * len(inputs) if lengths is None else lengths.tolist()
    return torch.stack([picture(values[:end], sample) for values, end in zip(inputs, ends, strict=True)])


def stored_pictures(split: Split, rows: np.ndarray, sample: SampleSpec) -> Tensor:
    """The samples of these rows of a split, [N, C, H, W] in [0, 1]. Raises NotApplicable."""
    column = split.inputs
    if not isinstance(column, Ragged):
        return pictures(as_inputs(torch.from_numpy(np.array(column[rows]))), None, sample)
    samples = (torch.from_numpy(np.array(column.row(int(row)))) for row in rows)
    return torch.stack([picture(as_inputs(each[None])[0], sample) for each in samples])
