import numpy as np
import pytest
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.data.render import renderer

NONE = np.zeros(2, np.int64)
SAMPLES = {
    "image": (SampleSpec("image", "uint8", (4, 5, 1)), np.arange(40, dtype=np.uint8).reshape(2, 4, 5, 1)),
    "series": (
        SampleSpec("series", "float32", (None, 2), longest=3),
        Ragged.of([np.eye(3, 2, dtype=np.float32), np.ones((1, 2), np.float32)]),
    ),
    "vector": (SampleSpec("vector", "float32", (3,)), np.array([[0, 1, 2], [2, 1, 0]], np.float32)),
    "waveform": (
        SampleSpec("waveform", "int16", (None,), rate=8000, longest=4000),
        Ragged.of([np.zeros(4000, np.int16), np.arange(2000, dtype=np.int16)]),
    ),
}


@pytest.mark.parametrize("modality", SAMPLES)
def test_samples_of_a_kind_have_a_picture(modality):
    sample, inputs = SAMPLES[modality]
    render, split = renderer(sample), Split(inputs, NONE)
    pictures = [render(split, row) for row in (0, 1)]
    assert all(each.dtype == np.uint8 and each.ndim == 3 and each.size for each in pictures)
    assert not np.array_equal(*pictures)


def test_tokens_have_no_picture():
    assert renderer(SampleSpec("tokens", "int32", (None,), vocabulary=9, longest=4)) is None
