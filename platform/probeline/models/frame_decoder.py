"""A convolutional decoder along time: from codes at a low rate to a distribution over the bands of each frame."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.models.decoder import START_LOG_SCALE, Pixels
from probeline.models.time_pooling import real_frames
from probeline.models.wave_stack import ChannelNorm

KERNEL = 5


class FrameDecoder(nn.Module):
    """[B, inputs, P] to `Pixels` [B, bands, P * up]: residual blocks before and after each code is repeated `up` times.

    What is beyond a sample's own positions is 0 before every convolution, so that padding changes no frame.
    """

    def __init__(self, inputs: int, width: int, bands: int, up: int) -> None:
        super().__init__()
        self.up = up
        self.enter = nn.Conv1d(inputs, width, 1)
        self.slow, self.fast = _FrameBlock(width), nn.ModuleList(_FrameBlock(width) for _ in range(2))
        self.last = nn.Sequential(nn.ReLU(), nn.Conv1d(width, 2 * bands, 1))

    def forward(self, codes: Tensor, positions: Tensor) -> Pixels:
        """`positions`: int64 [B], the codes of each sample that are not padding."""
        real = real_frames(positions, codes.shape[2])[:, None]
        x = self.slow(self.enter(codes), real).repeat_interleave(self.up, dim=2)
        real = real.repeat_interleave(self.up, dim=2)
        for block in self.fast:
            x = block(x, real)
        mean, log_scale = self.last(x).chunk(2, dim=1)
        return Pixels(torch.tanh(mean), log_scale + START_LOG_SCALE)


class _FrameBlock(nn.Module):
    """[B, width, T] in and out: norm, ReLU, convolution, ReLU, 1x1, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(width)
        self.wide, self.back = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2), nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """real: bool [B, 1, T]."""
        y = F.relu(self.norm(x, real.sum(2)[:, 0])) * real
        return x + self.back(F.relu(self.wide(y)))
