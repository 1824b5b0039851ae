"""Strided convolutions that turn a waveform to a sequence of feature vectors.

CPC: van den Oord, Li, Vinyals, arXiv 1807.03748, section 3.1. wav2vec: Schneider et al., arXiv 1904.05862, section 2.1.
wav2vec 2.0: Baevski et al., arXiv 2006.11477, section 4.2.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.models.time_pooling import real_frames

Norm = Literal["none", "layer", "group", "first"]
Padding = Literal["valid", "causal"]

STACKS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "cpc": ((10, 8, 4, 4, 4), (5, 4, 2, 2, 2)),
    "wav2vec2": ((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)),
}
"""Kernels and strides at 16,000 samples a second; wav2vec's are CPC's."""

PAPER_RATE = 16000


def scaled_stack(name: str, rate: int) -> tuple[list[int], list[int]]:
    """Kernels and strides for another sampling rate, so that a frame is about as long in seconds.

    For each halving of the rate the first of the largest even strides after the first layer is halved, its kernel too;
    for each doubling the second layer's are doubled.
    """
    kernels, strides = map(list, STACKS[name])
    for _ in range(round(math.log2(PAPER_RATE / rate))):
        even = [index for index, stride in enumerate(strides) if index and stride % 2 == 0]
        index = max(even, key=lambda index: (strides[index], -index), default=None)
        if index is not None:
            strides[index], kernels[index] = strides[index] // 2, -(-kernels[index] // 2)
    for _ in range(round(math.log2(rate / PAPER_RATE))):
        strides[1], kernels[1] = 2 * strides[1], 2 * kernels[1]
    return kernels, strides


class WaveStack(nn.Module):
    """Features [B, T, width] and their numbers of frames of waveforms x [B, S] with `lengths` [B].

    Args:
        norm: `layer`: over the channels of each frame; `group`: over all channels and frames (wav2vec); `first`: each
            channel over all frames, after the first layer alone (wav2vec 2.0 BASE); `none`.
        padding: `valid`: none, so that a frame sees real samples only; `causal`: silence before the first sample, so
            that frame t sees no sample after the t + 1 strides.
        activation: `relu` or `gelu`.
        bias: of the convolutions; with `first` none has one.
    """

    def __init__(
        self,
        name: str,
        rate: int,
        width: int,
        norm: Norm,
        padding: Padding,
        activation: Literal["relu", "gelu"],
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.kernels, self.strides = scaled_stack(name, rate)
        self.padding, self.activation = padding, F.relu if activation == "relu" else F.gelu
        inputs = [1] + [width] * (len(self.kernels) - 1)
        convs = [
            nn.Conv1d(channels, width, kernel, stride, bias=bias and norm != "first")
            for channels, kernel, stride in zip(inputs, self.kernels, self.strides, strict=True)
        ]
        self.convs = nn.ModuleList(convs)
        self.norms = nn.ModuleList(_norm(norm, width, first=index == 0) for index in range(len(self.convs)))
        for conv in convs:
            nn.init.kaiming_normal_(conv.weight)

    @property
    def hop(self) -> int:
        """Samples from frame to frame."""
        return math.prod(self.strides)

    @property
    def field(self) -> int:
        """Samples that a frame sees."""
        size = 1
        for kernel, stride in zip(reversed(self.kernels), reversed(self.strides), strict=True):
            size = (size - 1) * stride + kernel
        return size

    @property
    def first_frame(self) -> float:
        """The position of the middle of what frame 0 sees; of a causal stack, of the hop that it ends with."""
        return self.field / 2 if self.padding == "valid" else self.hop / 2

    def frames(self, lengths: Tensor) -> Tensor:
        """Frames of waveforms of `lengths` samples; a sample shorter than the receptive field has one."""
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            lengths = self._shorter(lengths, kernel, stride)
        return lengths

    def _shorter(self, lengths: Tensor, kernel: int, stride: int) -> Tensor:
        padding = kernel - stride if self.padding == "causal" else 0
        return ((lengths + padding - kernel) // stride + 1).clamp(min=1)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        x = F.pad(x, (0, max(0, self.field - x.shape[1])))[:, None]
        for conv, norm, kernel, stride in zip(self.convs, self.norms, self.kernels, self.strides, strict=True):
            x = conv(F.pad(x, (kernel - stride, 0)) if self.padding == "causal" else x)
            lengths = self._shorter(lengths, kernel, stride)
            x = self.activation(norm(x, lengths))
        return x.transpose(1, 2), lengths


def _norm(norm: Norm, width: int, *, first: bool) -> nn.Module:
    if norm == "layer":
        return ChannelNorm(width)
    if norm == "group" or (norm == "first" and first):
        return TimeNorm(width, groups=1 if norm == "group" else width)
    return Unchanged()


class Unchanged(nn.Module):
    """No norm."""

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return x


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each frame, x: [B, C, T]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


class TimeNorm(nn.Module):
    """Group norm over channels and frames, x: [B, C, T], of which only a sample's real frames count.

    Frames beyond `lengths` [B] become 0, so that a following convolution sees silence there.
    """

    def __init__(self, width: int, groups: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.groups, self.epsilon = groups, epsilon
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        real = real_frames(lengths, x.shape[2])[:, None, None]  # [B, 1, 1, T]
        grouped = x.unflatten(1, (self.groups, -1))
        count = (lengths * grouped.shape[2])[:, None, None, None]
        mean = (grouped * real).sum((2, 3), keepdim=True) / count
        centred = (grouped - mean) * real
        variance = centred.square().sum((2, 3), keepdim=True) / count
        scaled = (centred * (variance + self.epsilon).rsqrt()).flatten(1, 2)
        return (scaled * self.weight[:, None] + self.bias[:, None]) * real[:, 0]
