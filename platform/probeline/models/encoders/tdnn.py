"""A time-delay network: convolutions over time, then the mean over equal stretches of the frames.

Bromley, Guyon, LeCun, Säckinger, Shah: Signature Verification using a "Siamese" Time Delay Neural Network, NIPS 1993;
time-delay layers: Waibel, Hanazawa, Hinton, Shikano, Lang 1989.
"""

from itertools import pairwise
from math import prod
from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings

TAKES = ("series",)
GIVES = ("frames",)


class Config(EncoderSettings):
    """Two layers, as the paper's networks have; their sizes there hang on the features, which are of 200 time steps.

    `kernel` and `stride`: of each layer, in its own steps; an odd kernel, with zeros around the sample. `segments`: h
    is the mean of the frames of so many equal stretches of the sample, one after the other, so that it keeps the order
    of what was drawn; 1: of the whole. `standardise`: each feature of each sample to mean 0 and variance 1.
    """

    channels: tuple[int, ...] = Field((32, 64), min_length=1, max_length=10)
    kernel: tuple[int, ...] = (9, 5)
    stride: tuple[int, ...] = (3, 2)
    activation: Literal["tanh", "relu"] = "tanh"
    norm: Literal["none", "layer"] = Field("layer", description="`layer`: over the channels of each frame.")
    segments: int = Field(8, ge=1)
    standardise: bool = True

    @model_validator(mode="after")
    def _one_of_each(self) -> "Config":
        if not len(self.channels) == len(self.kernel) == len(self.stride):
            sizes = f"{len(self.channels)} channels, {len(self.kernel)} kernel, {len(self.stride)} stride"
            raise ValueError(f"a layer has one of each; there are {sizes}")
        if any(size < 1 or size % 2 == 0 for size in self.kernel) or min(self.stride) < 1:
            raise ValueError(f"kernel {self.kernel} must be odd and stride {self.stride} at least 1")
        return self


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for series [T, F]: h [B, segments * the last layer's channels]."""
    return TDNN(config, sample.channels, sample.rate)


class TDNN(Encoder):
    """h [B, dim] and frames [B, T', C] of series [B, T, F]. Statistics and means leave padding out."""

    def __init__(self, config: Config, inputs: int, rate: int | None) -> None:
        super().__init__()
        self.config, self.dim = config, config.segments * config.channels[-1]
        self.frame_rate = None if rate is None else rate / prod(config.stride)
        sizes = zip(pairwise((inputs, *config.channels)), config.kernel, config.stride, strict=True)
        self.layers = nn.ModuleList(nn.Conv1d(*pair, size, step, size // 2) for pair, size, step in sizes)
        normed = [nn.LayerNorm(size) if config.norm == "layer" else nn.Identity() for size in config.channels]
        self.norms = nn.ModuleList(normed)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        x = standardised(x, lengths) if self.config.standardise else masked(x, lengths)
        activate = torch.tanh if self.config.activation == "tanh" else F.relu
        for layer, norm, stride in zip(self.layers, self.norms, self.config.stride, strict=True):
            x = activate(norm(layer(x.transpose(1, 2)).transpose(1, 2)))
            lengths = (lengths - 1) // stride + 1
            x = masked(x, lengths)
        return Encoded(means_of_segments(x, lengths, self.config.segments).flatten(1), x, lengths)


def real(x: Tensor, lengths: Tensor) -> Tensor:
    """[B, T, 1], whether a step of x [B, T, ...] is no padding."""
    return (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[..., None]


def masked(x: Tensor, lengths: Tensor) -> Tensor:
    """x [B, T, F] with padding of 0."""
    return torch.where(real(x, lengths), x, 0.0)


def standardised(x: Tensor, lengths: Tensor) -> Tensor:
    """Each feature of each sample at mean 0 and variance 1 over its own steps; one that does not vary is 0."""
    there, count = real(x, lengths), lengths[:, None, None]
    centred = masked(x - (masked(x, lengths)).sum(1, keepdim=True) / count, lengths)
    deviation = (centred.square().sum(1, keepdim=True) / count).sqrt()
    scale = torch.where(deviation > 1e-6 * (1 + x.abs().amax(1, keepdim=True)), deviation, torch.inf)
    return torch.where(there, centred / scale, 0.0)


def means_of_segments(x: Tensor, lengths: Tensor, segments: int) -> Tensor:
    """[B, segments, C] means of x [B, T, C] over equal stretches of its real frames, each of one frame at least."""
    steps = torch.arange(segments + 1, device=x.device)
    starts = steps[:-1] * lengths[:, None] // segments
    stops = -(-(steps[1:] * lengths[:, None]) // segments)
    sums = F.pad(x.double().cumsum(1), (0, 0, 1, 0))  # differences of sums: float32 loses digits late in a long sample
    ends = [sums.gather(1, at[..., None].expand(-1, -1, x.shape[2])) for at in (starts, stops)]
    return ((ends[1] - ends[0]) / (stops - starts)[..., None]).to(x.dtype)
