"""Encoders of speech in two halves: features of the waveform, and a context over them, which methods come between."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.encoder import Encoded, Encoder
from probeline.errors import UserError
from probeline.models.time_pooling import pooled, real_frames
from probeline.models.wave_stack import WaveStack
from probeline.models.waveforms import sample_lengths


class SpeechEncoder(Encoder):
    """Features z of a `stack` and a context c of them; frames are c, h their mean, `layers` z and what the context has.

    `scale`: whether each waveform is given mean 0 and variance 1 over its real samples first.
    """

    def __init__(self, stack: WaveStack, context: "Context", features: int, rate: int, *, scale: bool) -> None:
        super().__init__()
        self.stack, self.context, self.scale = stack, context, scale
        self.feature_dim, self.dim = features, context.dim
        self.hop, self.frame_rate, self.first_frame = stack.hop, rate / stack.hop, stack.first_frame

    def features(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """z [B, T, feature_dim] of waveforms [B, S], and how many frames of each are real, [B]."""
        counts = sample_lengths(x, lengths)
        x = x.float()
        return self.stack(scaled(x, counts) if self.scale else x, counts)

    def frame_counts(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """How many frames of each waveform of x [B, S] are real, [B], without encoding them."""
        return self.stack.frames(sample_lengths(x, lengths))

    def longest(self, x: Tensor) -> int:
        """T of the features of waveforms x [B, S]."""
        return int(self.stack.frames(torch.tensor(max(x.shape[1], self.stack.field))))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        z, counts = self.features(x, lengths)
        c, layers = self.context(z, counts)
        return Encoded(pooled(c, counts), c, counts, (z, *layers))


class Context(nn.Module):
    """What makes c [B, T, dim] of features z [B, T, F], in steps, as masks and quantisers come between them.

    `dim`: of c; `enter_dim`: of what `enter` returns, where masks are put.
    """

    dim: int
    enter_dim: int

    def normed(self, z: Tensor) -> Tensor:
        """Features as the context and a quantiser take them."""
        return z

    def enter(self, normed: Tensor) -> Tensor:
        """[B, T, enter_dim]: where masks are put."""
        return normed

    def attend(self, x: Tensor, counts: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """c of x [B, T, enter_dim], and the layers on the way; `counts` [B] frames of each sample are real."""
        raise TypeError(f"{type(self).__name__} has no forward pass")

    def forward(self, z: Tensor, counts: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self.attend(self.enter(self.normed(z)), counts)


class NoContext(Context):
    """c = z."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.dim = self.enter_dim = features

    def attend(self, x: Tensor, counts: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        return x, ()


class RecurrentContext(Context):
    """A GRU over the frames so far (CPC, section 3.1)."""

    def __init__(self, features: int, width: int, depth: int) -> None:
        super().__init__()
        self.dim, self.enter_dim = width, features
        self.gru = nn.GRU(features, width, depth, batch_first=True)

    def attend(self, x: Tensor, counts: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        c = self.gru(x)[0]
        return c, (c,)


class ConvContext(Context):
    """Causal convolutions of kernel 3 with a norm, ReLU and, where widths are equal, skips (wav2vec, section 2.1)."""

    def __init__(self, features: int, width: int, depth: int) -> None:
        super().__init__()
        self.dim, self.enter_dim = width, features
        inputs = [features] + [width] * (depth - 1)
        self.convs = nn.ModuleList(nn.Conv1d(channels, width, 3) for channels in inputs)
        # The norm of each frame apart: over time it would look ahead, and change h by padding.
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in inputs)

    def attend(self, x: Tensor, counts: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        layers: list[Tensor] = []
        x = x.transpose(1, 2)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            y = F.relu(norm(conv(F.pad(x, (2, 0))).transpose(1, 2)).transpose(1, 2))
            x = y + x if y.shape == x.shape else y
            layers.append(x.transpose(1, 2))
        return layers[-1], tuple(layers)


def scaled(x: Tensor, lengths: Tensor) -> Tensor:
    """Waveforms [B, S] with mean 0 and variance 1 over their `lengths` [B] real samples; silence stays 0."""
    real, count = real_frames(lengths, x.shape[1]), lengths[:, None].clamp(min=1)
    centred = (x - (x * real).sum(1, keepdim=True) / count) * real
    return centred / torch.sqrt(centred.square().sum(1, keepdim=True) / count + 1e-7)


def require_speech_encoder(encoder: Encoder, method: str) -> SpeechEncoder:
    """The encoder, where it has features and a context. Raises UserError where it has not."""
    if not isinstance(encoder, SpeechEncoder):
        raise UserError(
            f"method {method}: its encoder has features of the waveform and a context over them, as wave_conv and "
            f"wave_transformer have; {type(encoder).__name__} has not"
        )
    return encoder
