"""What a VAE and a VQ-VAE of sound share: an encoder's frames to codes at a lower rate, and codes to log-mel levels.

Chorowski, Weiss, Bengio, van den Oord: Unsupervised Speech Representation Learning Using WaveNet Autoencoders, IEEE/ACM
TASLP 2019, arXiv 1901.08810, compare such bottlenecks. Deviation: theirs and VQ-VAE's decoder is a WaveNet over samples
that is told the speaker; here it is a few convolutions to log-mel energies.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.encoder import Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.decoder import Pixels
from probeline.models.frame_decoder import FrameDecoder
from probeline.models.likelihood import discretised_logistic
from probeline.models.mel_levels import MelLevels
from probeline.models.mel_settings import MelSettings
from probeline.models.spectral import HOP_S
from probeline.models.time_pooling import real_frames
from probeline.models.waveforms import sample_lengths, waveform_rate


class Pooled(NamedTuple):
    """h [B, dim]; the mean of the frames of each code, [B, dim, P]; how many of the P are real, int64 [B]."""

    h: Tensor
    frames: Tensor
    positions: Tensor


class Target(NamedTuple):
    """Levels in [0, 1], [B, bands, T], and how many of the T frames are real, int64 [B]."""

    levels: Tensor
    frames: Tensor


class MelAutoencoder(nn.Module):
    """Each code stands for `every` frames of the encoder and for `up` frames of log-mel energies.

    The encoder is passed in at each call, as it belongs to the method.
    """

    def __init__(self, settings: MelSettings, encoder: Encoder, sample: SampleSpec, inputs: int, name: str) -> None:
        """`inputs`: the size of a code; `name`: the method's, for messages. Raises UserError."""
        super().__init__()
        rate, frame_rate = waveform_rate(sample, name), encoder.frame_rate
        if frame_rate is None:
            raise UserError(f"method {name}: its encoder keeps frames, as wave_conv does; {type(encoder).__name__} not")
        self.every, self.up = _ratio(frame_rate, settings, name), _ratio(1 / HOP_S, settings, name)
        self.step = rate / frame_rate  # samples of a frame
        try:
            self.target = MelLevels(rate, settings.bands)
        except ValueError as error:
            raise UserError(f"method {name}: bands is {settings.bands}: {error}; lower it") from error
        self.decoder = FrameDecoder(inputs, settings.decoder_width, settings.bands, self.up)

    def encode(self, encoder: Encoder, x: Tensor, lengths: Tensor | None) -> Pooled:
        """Of waveforms x [B, S]."""
        encoded = encoder(x, lengths)
        frames = encoded.frames
        counts = sample_lengths(frames, encoded.lengths)
        whole = -frames.shape[1] % self.every
        real = F.pad(real_frames(counts, frames.shape[1]), (0, whole)).unflatten(1, (-1, self.every))[..., None]
        grouped = F.pad(frames, (0, 0, 0, whole)).unflatten(1, (-1, self.every))
        mean = (grouped * real).sum(2) / real.sum(2).clamp(min=1)
        return Pooled(encoded.h, mean.mT, -(-counts // self.every))

    def times(self, encoder: Encoder) -> tuple[float, float]:
        """Where the middle of what code 0 stands for is in a clip, and from code to code, in samples."""
        return encoder.first_frame + (self.every - 1) / 2 * self.step, self.every * self.step

    def of(self, x: Tensor, lengths: Tensor | None, positions: Tensor) -> Target:
        """What the decoder is to make of clips x [B, S] with so many codes, [B]."""
        levels = self.target(x)
        frames = self.target.frames(sample_lengths(x, lengths)).minimum(positions * self.up)
        return Target(levels, frames)

    def decode(self, codes: Tensor, positions: Tensor) -> Pixels:
        """The levels' distribution [B, bands, P * up] of codes [B, D, P]."""
        return self.decoder(codes, positions)

    def log_probability(self, pixels: Pixels, target: Target) -> Tensor:
        """[B], nats, over each clip's real frames."""
        frames = min(pixels.mean.shape[2], target.levels.shape[2])
        levels, mean, log_scale = (each[..., :frames] for each in (target.levels * 255, *pixels))
        likely = discretised_logistic(levels, mean, log_scale)
        return torch.where(real_frames(target.frames, frames)[:, None], likely, 0.0).sum((1, 2))

    def bits(self, target: Target) -> Tensor:
        """[B]: the nats of each clip that make one bit per dim."""
        return target.frames * self.target.bands * math.log(2)

    def positions(self, seconds: float) -> int:
        """Codes of so many seconds."""
        return max(1, round(seconds / (self.up * HOP_S)))


def _ratio(rate: float, settings: MelSettings, name: str) -> int:
    ratio = round(rate / settings.code_rate)
    if ratio < 1 or abs(rate / settings.code_rate - ratio) > 0.01 * ratio:
        raise UserError(
            f"method {name}: code_rate is {settings.code_rate}: it divides {rate:g} frames a second, the encoder's or "
            "those of the log-mel energies; take 25 or 50"
        )
    return ratio
