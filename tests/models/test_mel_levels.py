import torch
from probeline.models.mel_levels import MelLevels


def test_sound_of_levels_has_these_levels_again() -> None:
    levels, t = MelLevels(16000, 40), torch.arange(8000) / 16000
    pulses = (torch.arange(8000) % 100 == 0).float() * 0.3  # a voice of 160 Hz that grows
    wanted = levels((pulses * (0.2 + t))[None])
    again = levels(levels.waveforms(wanted))
    frames = slice(2, again.shape[2] - 2)
    assert 25.5 * (again - wanted[..., : again.shape[2]])[..., frames].abs().mean() < 0.7  # nats
    assert again.max() > 0.5


def test_levels_are_256_and_silence_is_0() -> None:
    levels = MelLevels(8000, 20)(torch.zeros(1, 800))
    assert torch.equal(levels, torch.zeros(1, 20, 8))
    noise = MelLevels(8000, 20)(0.1 * torch.randn(1, 800)) * 255
    torch.testing.assert_close(noise, noise.round(), rtol=0, atol=1e-4)
