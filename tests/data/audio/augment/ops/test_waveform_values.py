"""Values of the operations on waveforms, and that methods of images take waveforms with them."""

import math

import pytest
import scipy.signal
import torch
from helpers.speech import speech
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment, two_views
from probeline.plugins.default_views import default_views
from pydantic import ValidationError

RATE = 16000


def tone(hertz: float, samples: int = 16000) -> torch.Tensor:
    return torch.sin(2 * math.pi * hertz * torch.arange(samples) / RATE)[None]


def view(inputs: torch.Tensor, name: str, lengths: torch.Tensor | None = None, **settings: object) -> torch.Tensor:
    operations = [{"name": name, **settings}]
    return augment(inputs, operations, SampleRNG(0, 0, torch.arange(len(inputs))), lengths)


def power(x: torch.Tensor) -> float:
    return float(x.square().mean())


def test_20_decibels_are_ten_times_the_amplitude() -> None:
    torch.testing.assert_close(view(tone(440), "gain", decibels=[20, 20]), 10 * tone(440))


@pytest.mark.parametrize("decibels", [0.0, 20.0])
def test_noise_is_so_many_decibels_below_the_clip_and_not_below_its_padding(decibels: float) -> None:
    x = torch.cat([tone(440, 8000), torch.zeros(1, 8000)], dim=1)
    noisy = view(x, "add_noise", torch.tensor([8000]), decibels=[decibels, decibels])
    ratio = 10 * math.log10(power(x[:, :8000]) / power((noisy - x)[:, :8000]))
    assert ratio == pytest.approx(decibels, abs=0.3)
    assert not noisy[:, 8000:].any()


def test_a_band_is_filtered_out_and_the_rest_stays() -> None:
    low, high = tone(500), tone(7000)
    for share in (0.1, 0.3):
        out = view((low + high).repeat(40, 1), "band_mask", share=[share, share])
        spectrum = torch.fft.rfft(out[:, 1000:-1000]).abs()
        bins = [round(hertz * 14000 / RATE) for hertz in (500, 7000)]
        levels = spectrum[:, bins] / 7000
        gone = levels < 0.2
        assert not gone.all(1).any()  # a narrow band never takes both
        assert gone.any()
        assert (levels[~gone.any(1)] > 0.6).float().mean() > 0.8


def test_a_click_in_a_room_stays_and_its_reflections_fall_by_60_decibels_in_the_decay() -> None:
    click = torch.zeros(200, 4000)
    click[:, 0] = 1.0
    out = view(click, "reverberation", decay=[2000, 2000], decibels=[6, 6])
    torch.testing.assert_close(out[:, 0], torch.ones(200))
    assert out[:, 1:].square().sum(1).numpy() == pytest.approx(10**-0.6, rel=1e-4)
    early, late = (power(out[:, start : start + 100]) for start in (1, 1001))
    assert 10 * math.log10(early / late) == pytest.approx(30, abs=1)  # half of the decay
    assert out[:, 2001:].abs().max() < 1e-5


def test_reverberation_is_scipys_convolution_and_does_not_hear_padding() -> None:
    clip = speech(1, 2, 2).train.inputs.row(0).copy()
    x = torch.from_numpy(clip).float()[None] / 32768
    click = torch.zeros_like(x)
    click[:, 0] = 1.0
    response = view(click, "reverberation")[0]
    direct = scipy.signal.fftconvolve(x[0].numpy(), response.numpy())[: x.shape[1]]
    torch.testing.assert_close(view(x, "reverberation")[0], torch.from_numpy(direct), atol=1e-5, rtol=1e-4)
    padded = torch.cat([x, torch.ones(1, 500)], dim=1)
    alone = view(padded, "reverberation", torch.tensor([x.shape[1]]))
    torch.testing.assert_close(alone[:, : x.shape[1]], view(x, "reverberation"), atol=1e-6, rtol=1e-5)
    assert not alone[:, x.shape[1] :].any()


def test_masked_stretches_are_silent_and_as_long_as_asked_for() -> None:
    out = view(torch.ones(50, 1000), "time_mask", stretches=1, share=[0.2, 0.2])
    assert ((out == 0).sum(1) - 200).abs().max() <= 1


def test_a_crop_is_a_stretch_repeated_to_the_clips_length() -> None:
    x = torch.arange(1.0, 1001)[None].repeat(30, 1)
    out = view(x, "time_crop", share=[0.25, 0.25])
    assert torch.equal(out[:, :250], out[:, 250:500])
    assert (out[:, 1:250] - out[:, :249] == 1).all()
    assert len(out[:, 0].unique()) > 20


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("gain", {"decibels": [3, -3]}, "the lower end comes first"),
        ("time_crop", {"share": [0.0, 0.5]}, "a stretch of nothing"),
        ("reverberation", {"decay": [0, 100]}, "greater than or equal to 1"),
        ("reverberation", {"decibels": [6, 0]}, "the lower end comes first"),
        ("time_mask", {"share": [0.5, 1.5]}, "less than or equal to 1"),
    ],
)
def test_ranges_that_are_none_are_refused(name: str, settings: dict, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        view(tone(440), name, **settings)


def test_the_default_of_waveforms_gives_two_views_of_real_clips() -> None:
    clips = speech(4, 2, 2).train.inputs
    width = int(clips.lengths.max())
    x = torch.zeros(4, width)
    for row in range(4):
        x[row, : clips.lengths[row]] = torch.from_numpy(clips.row(row).copy()).float() / 32768
    lengths = torch.from_numpy(clips.lengths)
    views = two_views(x, default_views("waveform"), None, SampleRNG(0, 0, torch.arange(4)), lengths)
    assert views.shape == (8, width) and views.isfinite().all()
    assert not torch.equal(views[:4], views[4:])
    assert not views[torch.arange(width) >= lengths.repeat(2)[:, None]].any()
