import pytest
import torch
from probeline.models.decoder import Decoder


@pytest.mark.parametrize(("shape", "grid"), [((3, 32, 32), (8, 8)), ((1, 28, 28), (8, 8)), ((3, 33, 47), (9, 12))])
def test_it_gives_a_distribution_for_every_pixel_of_any_size(shape, grid):
    pixels = Decoder(5, 4, shape, grid)(torch.randn(2, 5, *grid))
    assert pixels.mean.shape == pixels.log_scale.shape == (2, *shape)
    assert pixels.log_probability(torch.rand(2, *shape)).shape == (2,)
    assert pixels.images().min() >= 0
    assert pixels.images().max() <= 1


def test_no_sample_looks_at_another():
    made, codes = Decoder(5, 4, (3, 16, 16), (4, 4)), torch.randn(3, 5, 4, 4)
    torch.testing.assert_close(made(codes).mean[1:2], made(codes[1:2]).mean)


def test_before_training_it_is_a_few_bits_from_eight():
    """The start is a broad logistic about grey: not a value that takes the first epochs to come down from."""
    pixels = Decoder(5, 4, (3, 16, 16), (4, 4))(torch.randn(2, 5, 4, 4))
    bits = -pixels.log_probability(torch.rand(2, 3, 16, 16)) / (3 * 16 * 16 * torch.tensor(2.0).log())
    assert (bits < 11).all()
