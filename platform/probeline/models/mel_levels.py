"""Log-mel energies as 8-bit levels, which an autoencoder of sound makes likely, and sound from such levels.

Griffin, Lim: Signal estimation from modified short-time Fourier transform, IEEE TASSP 1984, for the phases; with the
momentum of Perraudin, Balazs, Søndergaard, WASPAA 2013.
"""

import torch
from torch import Tensor, nn

from probeline.models.spectral import FULL_SCALE, PREEMPHASIS, LogMel

LOWEST, HIGHEST = 0.0, 25.5
"""Log energies of level 0 and level 255, in nats at the scale of 16 bits: a level is 0.1 nats."""

ITERATIONS, UPDATES = 60, 30
MOMENTUM = 0.99


class MelLevels(nn.Module):
    """Levels in [0, 1], [B, bands, T], of waveforms [B, S]: frames of 25 ms every 10 ms."""

    def __init__(self, rate: int, bands: int) -> None:
        """Raises ValueError where the rate leaves a band without a bin."""
        super().__init__()
        self.rate, self.bands, self.log_mel = rate, bands, LogMel(rate, bands)

    def frames(self, lengths: Tensor) -> Tensor:
        """Frames of waveforms of `lengths` samples."""
        return self.log_mel.spectrogram.frames(lengths)

    def forward(self, x: Tensor) -> Tensor:
        levels = ((self.log_mel(x).mT - LOWEST) / (HIGHEST - LOWEST)).clamp(0, 1)
        return (levels * 255).round() / 255

    @torch.no_grad()
    def waveforms(self, levels: Tensor) -> Tensor:
        """Sound [B, S] in [-1, 1] whose log-mel energies are about `levels` [B, bands, T]; its phases are estimated."""
        spectrogram = self.log_mel.spectrogram
        energies = torch.exp(levels.float() * (HIGHEST - LOWEST) + LOWEST)
        power = spread(energies, self.log_mel.weights)
        sound = griffin_lim(power.sqrt(), spectrogram.size, spectrogram.hop, spectrogram.window)
        return deemphasised(sound / FULL_SCALE).clamp(-1, 1)


def spread(energies: Tensor, weights: Tensor) -> Tensor:
    """Power spectra [B, bins, T], not negative, with nearly these mel energies [B, bands, T] by weights [bins, bands].

    The multiplicative updates of Lee and Seung (NIPS 2000, eq. 5) for the divergence of the energies.
    """
    share = weights / weights.sum(1, keepdim=True).clamp(min=1e-8)
    power = share @ (energies / weights.sum(0)[:, None])
    for _ in range(UPDATES):
        power = power * (share @ (energies / (weights.T @ power).clamp(min=1e-8)))
    return power


def griffin_lim(magnitude: Tensor, size: int, hop: int, width: int) -> Tensor:
    """Sound [B, S] whose short-time spectrum has nearly this magnitude [B, bins, T]; phases start from fixed draws.

    `size`: of the Fourier transform; `hop`, `width`: of the windows, in samples.
    """
    window = torch.hann_window(width, device=magnitude.device)
    draws = torch.rand(magnitude.shape[1:], generator=torch.Generator().manual_seed(0)).to(magnitude.device)
    phases = torch.polar(torch.ones_like(magnitude), 2 * torch.pi * draws.expand_as(magnitude))
    before = torch.zeros_like(phases)
    for _ in range(ITERATIONS):
        sound = torch.istft(magnitude * phases, size, hop, width, window)
        rebuilt = torch.stft(sound, size, hop, width, window, return_complex=True)
        moved = rebuilt - MOMENTUM / (1 + MOMENTUM) * before
        phases, before = moved / moved.abs().clamp(min=1e-8), rebuilt
    return torch.istft(magnitude * phases, size, hop, width, window)


def deemphasised(x: Tensor) -> Tensor:
    """y of x [B, S] with y[t] = x[t] + 0.97 y[t - 1], the inverse of the pre-emphasis."""
    from scipy.signal import lfilter

    y = lfilter([1.0], [1.0, -PREEMPHASIS], x.cpu().double().numpy(), axis=1)
    return torch.from_numpy(y).float().to(x.device)
