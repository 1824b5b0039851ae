import numpy as np
import pytest
from helpers.audio_files import encoded, tone
from probeline.data.audio.decode import decode, resampled, to_int16


def test_16_bit_mono_of_the_wanted_rate_is_kept_to_the_bit() -> None:
    values = np.array([0, 1, -1, 32767, -32768, 1234], np.int16)
    for kind in ("WAV", "FLAC"):
        clip = decode(encoded(values, kind=kind), 16000)
        assert clip.samples.tolist() == values.tolist()
        assert clip.samples.dtype == np.int16


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8"])
def test_other_encodings_give_the_same_waveform(subtype: str) -> None:
    values = tone(1000)
    expected = decode(encoded(values), 16000).samples
    clip = decode(encoded(values, subtype=subtype), 16000)
    np.testing.assert_allclose(clip.samples, expected, atol=300 if subtype == "PCM_U8" else 1)
    assert clip.encoding == f"WAV {subtype}"


def test_channels_are_averaged() -> None:
    left, right = tone(500), tone(500, pitch=100.0)
    clip = decode(encoded(np.stack([left, right], axis=1)), 16000)
    np.testing.assert_allclose(clip.samples / 32768, (left + right) / 2, atol=1e-4)
    assert clip.channels == 2


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_resampling_keeps_a_tone_and_its_length(rate: int) -> None:
    clip = decode(encoded(tone(rate // 2, rate), rate), 16000)
    assert len(clip.samples) == 8000
    middle = slice(1000, 7000)
    expected = 0.25 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    np.testing.assert_allclose(clip.samples[middle] / 32768, expected[middle], atol=0.06)
    assert clip.rate == rate


def test_what_lies_above_the_new_rate_is_filtered_out() -> None:
    high = np.sin(2 * np.pi * 7000 * np.arange(16000) / 16000).astype(np.float32)
    assert np.abs(resampled(high, 16000, 8000)[100:-100]).max() < 0.05


def test_values_beyond_full_scale_are_cut_off_and_counted() -> None:
    samples, clipped = to_int16(np.array([0.5, 1.5, -2.0, -1.0, 1.0], np.float32))
    assert samples.tolist() == [16384, 32767, -32768, -32768, 32767]
    assert clipped == 2


def test_a_rate_of_none_keeps_that_of_the_file() -> None:
    assert len(decode(encoded(tone(800, 8000), 8000), None).samples) == 800


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encoded(tone(4000), kind="FLAC")[:-2000], "cannot be decoded|ends in the middle"),
        (encoded(tone(4000))[:-2000], "ends in the middle: 6,044 of 8,044 bytes"),
        (encoded(np.zeros(0)), "holds no samples"),
        (encoded(np.array([0.0, np.nan]), subtype="FLOAT"), "values that are no numbers"),
        (b"", "cannot be decoded"),
        (b"this is no audio at all", "cannot be decoded"),
        (b"RIFF\x24\x00\x00\x00WAVE", "cannot be decoded|ends in the middle"),
    ],
    ids=["flac cut short", "wav cut short", "no samples", "nan", "empty", "text", "header alone"],
)
def test_a_damaged_file_has_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode(content, 16000)


def test_silence_is_decoded_and_is_silent() -> None:
    assert decode(encoded(np.zeros(100)), 16000).silent
    assert not decode(encoded(tone(100)), 16000).silent
