"""What encoders of waveforms share: a check of the samples, and the length of each."""

import torch
from torch import Tensor

from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError


def waveform_rate(sample: SampleSpec, encoder: str) -> int:
    """Samples a second. Raises UserError for samples that are no waveforms."""
    if sample.modality != "waveform" or sample.rate is None:
        raise UserError(f"encoder {encoder}: it takes waveforms; the data have samples of the kind {sample.modality}")
    return sample.rate


def sample_lengths(x: Tensor, lengths: Tensor | None) -> Tensor:
    """int64 [B]: `lengths`, or all T positions of x [B, T, ...]."""
    if lengths is not None:
        return lengths
    return torch.full((len(x),), x.shape[1], dtype=torch.int64, device=x.device)
