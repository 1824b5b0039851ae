"""Log-mel energies, cepstral coefficients and their deltas of waveforms, batched, on the device of the waveforms.

The conventions are those of Kaldi (Povey et al., The Kaldi Speech Recognition Toolkit, ASRU 2011): frames of 25 ms
every 10 ms without padding at the edges, samples at the scale of 16 bits, the mean of each frame removed,
pre-emphasis 0.97, Povey's window, triangles on the mel scale 1127 ln(1 + f / 700) from 20 Hz to half the rate.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WINDOW_S, HOP_S = 0.025, 0.010
PREEMPHASIS = 0.97
LOWEST_HZ = 20.0
LIFTER = 22
FULL_SCALE = 32768.0  # 16-bit samples have this range where ours have [-1, 1]
FLOOR = float(torch.finfo(torch.float32).eps)
DELTA = (-0.2, -0.1, 0.0, 0.1, 0.2)


class Spectrogram(nn.Module):
    """Power spectra of frames, [B, T, bins] of waveforms [B, S].

    The mean of a frame is removed after pre-emphasis, which leaves (1 - 0.97) of it: the first sample of a frame, for
    which that is not so, has the weight 0.
    """

    taper: Tensor

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.window, self.hop = round(WINDOW_S * rate), round(HOP_S * rate)
        self.size = 2 ** math.ceil(math.log2(self.window))
        hann = torch.hann_window(self.window, periodic=False, dtype=torch.float64)
        self.register_buffer("taper", (hann**0.85 * FULL_SCALE).float(), persistent=False)

    def frames(self, lengths: Tensor) -> Tensor:
        """Frames of waveforms of `lengths` samples; one, padded with silence, of those shorter than a window."""
        return ((lengths - self.window) // self.hop + 1).clamp(min=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self._filled(x)
        emphasised = F.pad(x[:, 1:] - PREEMPHASIS * x[:, :-1], (1, 0)).unfold(1, self.window, self.hop)
        centred = torch.sub(emphasised, self._means(x)[..., None], alpha=1 - PREEMPHASIS) * self.taper
        parts = torch.view_as_real(torch.fft.rfft(centred, self.size)).square()
        return parts[..., 0] + parts[..., 1]

    def energies(self, x: Tensor) -> Tensor:
        """[B, T]: log energies of the frames, less their mean, before pre-emphasis and window."""
        x = self._filled(x)
        square = F.avg_pool1d(x[:, None].square(), self.window, self.hop)[:, 0]
        variance = (square - self._means(x).square()) * (self.window * FULL_SCALE**2)
        return variance.clamp(min=FLOOR).log()

    def _filled(self, x: Tensor) -> Tensor:
        return F.pad(x.float(), (0, max(0, self.window - x.shape[1])))

    def _means(self, x: Tensor) -> Tensor:
        return F.avg_pool1d(x[:, None], self.window, self.hop)[:, 0]


class LogMel(nn.Module):
    """Natural logarithms of mel energies, [B, T, bands] of waveforms [B, S]."""

    weights: Tensor

    def __init__(self, rate: int, bands: int) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(rate)
        weights = mel_weights(rate, bands, self.spectrogram.size)
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.of_power(self.spectrogram(x))

    def of_power(self, power: Tensor) -> Tensor:
        """[B, T, bands] of power spectra [B, T, bins]."""
        return (power @ self.weights).clamp(min=FLOOR).log()


class Cepstrum(nn.Module):
    """Mel-frequency cepstral coefficients [B, T, count] of waveforms [B, S], with the log energy for the first one."""

    transform: Tensor

    def __init__(self, rate: int, count: int, bands: int) -> None:
        super().__init__()
        self.log_mel = LogMel(rate, bands)
        self.register_buffer("transform", cosine_transform(bands, count), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        coefficients = self.log_mel(x) @ self.transform
        return torch.cat([self.log_mel.spectrogram.energies(x)[..., None], coefficients[..., 1:]], dim=2)


def mel_weights(rate: int, bands: int, size: int) -> Tensor:
    """Triangles [size / 2 + 1, bands] over the bins of a Fourier transform of `size` samples; the last bin has none.

    Raises ValueError where the rate leaves a band without a bin.
    """
    edges = torch.linspace(_mel(LOWEST_HZ), _mel(rate / 2), bands + 2, dtype=torch.float64)
    bins = torch.tensor([_mel(rate * index / size) for index in range(size // 2)], dtype=torch.float64)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins[:, None] - low) / (centre - low)
    falling = (high - bins[:, None]) / (high - centre)
    weights = torch.minimum(rising, falling).clamp(min=0)
    if (weights.sum(0) == 0).any():
        raise ValueError(f"{bands} mel bands are too many for {size // 2} bins of {rate / size:.3g} Hz")
    return F.pad(weights, (0, 0, 0, 1)).float()


def cosine_transform(bands: int, count: int) -> Tensor:
    """The orthonormal discrete cosine transform II [bands, count] with Kaldi's lifter of 22."""
    order = torch.arange(count, dtype=torch.float64)
    position = (torch.arange(bands, dtype=torch.float64) + 0.5) / bands
    transform = torch.cos(math.pi * position[:, None] * order) * math.sqrt(2 / bands)
    transform[:, 0] = math.sqrt(1 / bands)
    return (transform * (1 + LIFTER / 2 * torch.sin(math.pi * order / LIFTER))).float()


def with_deltas(features: Tensor, lengths: Tensor, order: int) -> Tensor:
    """[B, T, F * (order + 1)] of features [B, T, F]: first, second, ... differences over 5 frames, then 9, ...

    Frames beyond a sample's own `lengths` [B] are its first or its last one, as in Kaldi's add-deltas.
    """
    kernels = [torch.ones(1)]
    for _ in range(order):
        kernels.append(_convolved(kernels[-1], torch.tensor(DELTA)))
    return torch.cat([_filtered(features, kernel.tolist(), lengths) for kernel in kernels], dim=2)


def normalised(features: Tensor, lengths: Tensor) -> Tensor:
    """Each feature of each sample with mean 0 and deviation 1 over its real frames; features [B, T, F]."""
    real = (torch.arange(features.shape[1], device=features.device) < lengths[:, None])[..., None]
    count = lengths[:, None, None]
    mean = (features * real).sum(1, keepdim=True) / count
    centred = (features - mean) * real
    deviation = (centred.square().sum(1, keepdim=True) / count).sqrt()
    return centred / deviation.clamp(min=1e-5)


def _filtered(features: Tensor, kernel: list[float], lengths: Tensor) -> Tensor:
    if len(kernel) == 1:
        return features
    steps = torch.arange(features.shape[1], device=features.device)
    total = torch.zeros_like(features)
    for offset, weight in enumerate(kernel, start=-(len(kernel) // 2)):
        if weight:
            rows = (steps + offset).clamp(min=0).minimum(lengths[:, None] - 1)
            total = total + weight * features.gather(1, rows[..., None].expand_as(features))
    return total


def _convolved(a: Tensor, b: Tensor) -> Tensor:
    return F.conv1d(a.view(1, 1, -1), b.flip(0).view(1, 1, -1), padding=len(b) - 1).flatten()


def _mel(frequency: float) -> float:
    return 1127.0 * math.log1p(frequency / 700.0)
