"""Features equal those of kaldi-native-fbank, Kaldi's own code."""

import kaldi_native_fbank as kaldi
import numpy as np
import pytest
import torch
from probeline.models.spectral import Cepstrum, LogMel, Spectrogram, normalised, with_deltas


def speech_like(samples: int, rate: int, seed: int = 0) -> torch.Tensor:
    """Harmonics under a slow envelope with noise and an offset, float32 [S]."""
    generator = torch.Generator().manual_seed(seed)
    time = torch.arange(samples) / rate
    voice = sum(torch.sin(2 * torch.pi * 120 * number * time) / number for number in range(1, 12))
    envelope = 0.5 + 0.5 * torch.sin(2 * torch.pi * 3 * time)
    return 0.1 * voice * envelope + 0.01 * torch.randn(samples, generator=generator) + 0.02


def frames_of(extractor, waveform: torch.Tensor, rate: int) -> np.ndarray:
    extractor.accept_waveform(rate, (waveform * 32768).tolist())
    extractor.input_finished()
    return np.stack([extractor.get_frame(index) for index in range(extractor.num_frames_ready)])


@pytest.mark.parametrize(("rate", "bands"), [(16000, 80), (16000, 40), (8000, 23)])
def test_log_mel_energies_are_kaldis(rate: int, bands: int) -> None:
    options = kaldi.FbankOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq, options.mel_opts.num_bins = 0, rate, bands
    waveform = speech_like(rate, rate)
    expected = frames_of(kaldi.OnlineFbank(options), waveform, rate)
    np.testing.assert_allclose(LogMel(rate, bands)(waveform[None])[0].numpy(), expected, atol=1e-3)


@pytest.mark.parametrize("rate", [16000, 8000])
def test_cepstral_coefficients_are_kaldis(rate: int) -> None:
    options = kaldi.MfccOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0, rate
    waveform = speech_like(rate, rate)
    expected = frames_of(kaldi.OnlineMfcc(options), waveform, rate)
    np.testing.assert_allclose(Cepstrum(rate, 13, 23)(waveform[None])[0].numpy(), expected, atol=1e-3)


def test_deltas_are_kaldis() -> None:
    features = torch.randn(1, 20, 3, generator=torch.Generator().manual_seed(0))
    expected = kaldi.compute_deltas(kaldi.DeltaOptions(), features[0].numpy())
    ours = with_deltas(features, torch.tensor([20]), 2)[0].numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_deltas_of_a_padded_sample_end_with_its_own_frames() -> None:
    features = torch.randn(1, 12, 2, generator=torch.Generator().manual_seed(0))
    padded = torch.cat([features, torch.zeros(1, 5, 2)], dim=1)
    alone = with_deltas(features, torch.tensor([12]), 2)
    assert torch.equal(with_deltas(padded, torch.tensor([12]), 2)[:, :12], alone)


def test_normalised_features_have_mean_0_and_deviation_1_over_real_frames() -> None:
    features = 3 + 2 * torch.randn(2, 30, 4, generator=torch.Generator().manual_seed(0))
    out = normalised(features, torch.tensor([30, 11]))[1]
    torch.testing.assert_close(out[:11].mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(out[:11].std(0, correction=0), torch.ones(4))
    assert not out[11:].any()


def test_silence_and_a_clip_shorter_than_a_window_have_finite_features() -> None:
    assert LogMel(16000, 80)(torch.zeros(1, 1000)).isfinite().all()
    assert LogMel(16000, 80)(torch.ones(1, 50)).shape == (1, 1, 80)
    assert Spectrogram(16000).frames(torch.tensor([50, 400, 559, 560])).tolist() == [1, 1, 1, 2]


def test_more_bands_than_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        LogMel(2000, 80)
