"""Protocols on the methods that encode and make sound: bits per dim, codes against phones, WAV files."""

import wave

import pytest
import torch
from helpers.speech import heard, speech
from helpers.subjects import files, protocol, values
from probeline.core.batch import Batch
from probeline.core.sample_rng import SampleRNG
from probeline.errors import NotApplicable

ENCODER = {"name": "wave_conv", "width": 8, "context_width": 6}
METHODS = ("vae_audio", "vqvae_audio")


@pytest.fixture(scope="module", params=METHODS)
def data(request):
    return heard(ENCODER, speech(6, 3, 4), request.param).evaluation_data


def test_bits_per_dim_of_clips_are_those_of_uniform_levels_or_fewer(data, tmp_path) -> None:
    results = values(protocol("bits_per_dim", samples=2).evaluate(data(), tmp_path))
    assert 0 < results["elbo"] < 12 and results["images"] == 4
    assert ("bits_per_code" in results) is ("importance_weighted" not in results)
    assert results["elbo"] >= results.get("importance_weighted", 0)


def test_a_clip_is_as_likely_alone_as_padded_in_a_batch(data) -> None:
    made = data().subject.method
    if not hasattr(made, "codes"):
        pytest.skip("its noise is drawn for the whole batch")
    torch.manual_seed(0)
    x, lengths = 0.1 * torch.randn(2, 4000), torch.tensor([4000, 2300])
    x[1, 2300:] = 0
    rows = torch.arange(2)
    weights, dims = made.sequence_log_weights(Batch(x, rows, rows, lengths), SampleRNG(0, 0, rows), 1)
    alone = Batch(x[1:, :2300], rows[1:], rows[1:], lengths[1:])
    weight, dim = made.sequence_log_weights(alone, SampleRNG(0, 0, rows[1:]), 1)
    torch.testing.assert_close(weights[:, 1:], weight, rtol=1e-4, atol=1e-2)
    assert dims[1] == dim[0] == 40 * 12  # bands and frames, (2300 - 400) // 160 + 1


def test_clips_their_reconstructions_and_samples_are_small_wav_files(data, tmp_path) -> None:
    events = list(protocol("audio_generations", clips=2, seconds=0.2).evaluate(data(), tmp_path))
    assert 0 <= values(events)["mean_squared_error"] <= 1
    paths = {path.name: path for path in files(events)}
    kinds = ("clip", "resynthesised", "reconstruction", "sample")
    assert set(paths) == {f"{kind}_{number}.wav" for kind in kinds for number in (1, 2)}
    with wave.open(str(paths["sample_2.wav"])) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (16000, 1)
        assert 0.15 < sound.getnframes() / 16000 < 0.25


def test_codes_are_mapped_to_their_most_frequent_phone_of_the_training_split(tmp_path) -> None:
    results = values(
        protocol("codes_to_phones").evaluate(heard(ENCODER, None, "vqvae_audio").evaluation_data(), tmp_path)
    )
    assert results["top1"] >= results["guess"] - 0.1
    assert 1 <= results["used"] <= 512 and results["codes"] > 10


def test_methods_without_codes_or_sound_say_so(tmp_path) -> None:
    data = heard(ENCODER, speech(4, 2, 2)).evaluation_data()
    for name, words in (("codes_to_phones", "with codes, such as vqvae_audio"), ("audio_generations", "make them")):
        with pytest.raises(NotApplicable, match=words):
            list(protocol(name).evaluate(data, tmp_path))
