import math

import pytest
import torch
from probeline.data.images.augment.rotations import resampled, turns


@pytest.mark.parametrize("channels", [1, 3])
def test_turns_are_exact_and_labelled(channels):
    images = torch.rand(3, channels, 5, 5)
    turned, labels = turns(images, (0, 90, 180, 270))
    assert labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    for quarter in range(4):
        assert torch.equal(turned[labels == quarter], torch.rot90(images, quarter, (2, 3)))
    assert turned.is_contiguous(memory_format=torch.channels_last)


def test_images_that_are_not_square_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\)"):
        turns(torch.rand(1, 3, 4, 5), (0, 90))


def test_resampling_by_a_quarter_is_the_exact_quarter_turn():
    images = torch.rand(2, 3, 6, 6)
    torch.testing.assert_close(resampled(images, 90, 1.0), torch.rot90(images, 1, (2, 3)), atol=1e-5, rtol=0)


def test_two_eighths_are_a_quarter_of_a_smooth_image():
    side = torch.linspace(-1, 1, 33)
    image = (side[:, None] * 0.3 + side[None, :] * 0.1)[None, None]
    twice = resampled(resampled(image, 45, 1.0), 45, 1.0)[:, :, 12:21, 12:21]
    torch.testing.assert_close(twice, torch.rot90(image, 1, (2, 3))[:, :, 12:21, 12:21], atol=1e-4, rtol=0)


def test_with_an_eighth_among_them_all_are_enlarged_by_the_root_of_two():
    """A white square comes out larger by the root of two, from the middle."""
    image = torch.zeros(1, 1, 64, 64)
    image[:, :, 32 - 20 : 32 + 20, 32 - 20 : 32 + 20] = 1  # inside the circle that all turns share
    turned, _ = turns(image, (0, 45))
    half = math.floor(20 * math.sqrt(2)) - 2
    assert (turned[0, 0, 32 - half : 32 + half, 32 - half : 32 + half] > 0.999).all()
