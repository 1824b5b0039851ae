import math

import torch
from probeline.models.mel_levels import MelLevels


def test_sound_of_levels_has_these_levels_again() -> None:
    levels = MelLevels(16000, 40)
    t = torch.arange(8000) / 16000
    x = (0.2 * torch.sin(2 * math.pi * 500 * t) + 0.05 * torch.sin(2 * math.pi * 1800 * t))[None]
    wanted = levels(x)
    again = levels(levels.waveforms(wanted))[..., :-1]
    loud = wanted[..., : again.shape[2]] > 0.5
    assert (again - wanted[..., : again.shape[2]])[loud].abs().mean() < 0.06  # 1.5 nats


def test_levels_are_256_and_silence_is_0() -> None:
    levels = MelLevels(8000, 20)(torch.zeros(1, 800))
    assert torch.equal(levels, torch.zeros(1, 20, 8))
    noise = MelLevels(8000, 20)(0.1 * torch.randn(1, 800)) * 255
    torch.testing.assert_close(noise, noise.round(), rtol=0, atol=1e-4)
