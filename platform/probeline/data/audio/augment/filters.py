"""Filters on the device: every waveform of a batch through one of its own."""

import math

import torch
from torch import Tensor


def filtered(inputs: Tensor, filters: Tensor, delay: int = 0) -> Tensor:
    """inputs: [B, T], filters: [B, taps] -> [B, T], by Fourier transforms; `delay` samples of the result are skipped.

    What is before and after a waveform counts as silence.
    """
    if not len(inputs):
        return inputs
    size = 2 ** math.ceil(math.log2(inputs.shape[1] + filters.shape[1]))
    product = torch.fft.rfft(inputs, size) * torch.fft.rfft(filters, size)
    return torch.fft.irfft(product, size)[:, delay : delay + inputs.shape[1]]
