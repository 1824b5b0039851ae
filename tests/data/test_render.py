"""Samples of every kind as pictures, stored or as an encoder takes them."""

import numpy as np
import pytest
import torch
from helpers.datasets import sample_spec
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.data.render import has_picture, picture, pictures, stored_pictures
from probeline.errors import NotApplicable

NOISE = np.random.default_rng(0).integers(-3000, 3000, 4000).astype(np.int16)
COLUMNS = {
    "image": np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8, 1),
    "waveform": Ragged(NOISE, np.array([0, 1000, 1500, 4000])),
    "series": Ragged(np.random.default_rng(0).random((12, 3), dtype=np.float32), np.array([0, 4, 5, 12])),
    "vector": np.random.default_rng(0).random((3, 6), dtype=np.float32) - 0.5,
}


@pytest.mark.parametrize("modality", COLUMNS)
def test_stored_samples_are_drawn_as_those_that_an_encoder_takes(modality):
    split = Split(COLUMNS[modality], np.zeros(3, np.int64))
    sample = sample_spec(split, rate=8000)
    stored = stored_pictures(split, np.array([2, 0, 1]), sample)
    assert sample.modality == modality and has_picture(sample)
    assert stored.ndim == 4 and stored.dtype == torch.float32 and 0 <= stored.min() < stored.max() <= 1
    column = split.inputs
    if isinstance(column, Ragged):
        values = [torch.from_numpy(column.row(row)) for row in (2, 0, 1)]
        values = [each / 32768 if modality == "waveform" else each for each in values]
        padded = torch.nn.utils.rnn.pad_sequence(values, batch_first=True)
        seen = pictures(padded, torch.tensor([len(each) for each in values]), sample)
        assert torch.allclose(seen, stored, atol=1e-5)


def test_a_tone_is_a_line_as_high_as_its_frequency():
    time = torch.arange(8000) / 8000
    low, high = (picture(torch.sin(2 * torch.pi * hertz * time), SampleSpec("waveform", "int16", (None,), 8000))
                 for hertz in (200, 2000))  # fmt: skip
    rows = [int(each[0, :, 10].argmax()) for each in (low, high)]
    assert rows[0] > rows[1] and low.shape == (1, 40, 160) and not low[0, :, 110:].any()


@pytest.mark.parametrize("rate", [4000, 16000])
def test_clips_of_any_rate_and_length_have_one_size(rate):
    sample = SampleSpec("waveform", "int16", (None,), rate)
    for length in (0, 1, rate // 100, 5 * rate):
        assert picture(torch.rand(length) - 0.5, sample).shape == (1, 40, 160)


def test_kinds_without_a_picture_are_refused():
    for sample in (SampleSpec("tokens", "int32", (None,)), SampleSpec("waveform", "int16", (None,))):
        assert not has_picture(sample)
        with pytest.raises(NotApplicable, match="have no picture"):
            picture(torch.zeros(4), sample)
