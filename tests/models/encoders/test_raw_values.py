import pytest
import torch
from probeline.core.sample_spec import SampleSpec
from probeline.models.build import build_encoder

SERIES = SampleSpec("series", "float32", (None, 2), longest=4)


def test_a_vector_is_itself():
    x = torch.randn(3, 6)
    encoded = build_encoder({"name": "raw_values"}, SampleSpec("vector", "float32", (6,)))(x)
    assert torch.equal(encoded.h, x) and encoded.frames is None


def test_a_series_is_its_points_with_zeros_after_them():
    encoder, x = build_encoder({"name": "raw_values"}, SERIES), torch.randn(2, 3, 2)
    encoded = encoder(x, torch.tensor([3, 3]))
    assert encoder.dim == 8 and encoded.h[:, :6].tolist() == x.flatten(1).tolist() and not encoded.h[:, 6:].any()
    assert torch.equal(encoded.frames, x) and encoded.lengths.tolist() == [3, 3]


@pytest.mark.parametrize("width", [2, 3, 4])
def test_padding_changes_no_h(width):
    encoder, x = build_encoder({"name": "raw_values"}, SERIES), torch.randn(1, 2, 2)
    padded = torch.nn.functional.pad(x, (0, 0, 0, width - 2))
    assert torch.equal(encoder(padded, torch.tensor([2])).h, encoder(x, torch.tensor([2])).h)
