import pytest
import torch
from probeline.data.augment.rotations import turns


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
