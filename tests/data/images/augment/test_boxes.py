import pytest
import torch
from probeline.data.images.augment import boxes
from scipy.stats import ks_2samp
from torchvision.transforms import RandomResizedCrop

SAMPLES = 2000


def ours(size, scale, ratio):
    uniform = torch.rand(SAMPLES, boxes.DRAWS, generator=torch.Generator().manual_seed(0))
    box = boxes.sample(uniform, size, scale, ratio)
    return torch.stack([box.top, box.left, box.height, box.width])


@pytest.mark.parametrize(
    ("size", "scale", "ratio"),
    [
        ((32, 32), (0.08, 1.0), (3 / 4, 4 / 3)),
        ((40, 96), (0.2, 0.9), (0.5, 2.0)),
        ((16, 64), (0.9, 1.0), (3 / 4, 4 / 3)),  # few attempts fit: the central crop
        ((64, 16), (1.0, 1.0), (3 / 4, 4 / 3)),
    ],
)
def test_boxes_are_distributed_as_torchvisions(size, scale, ratio):
    torch.manual_seed(1)
    image = torch.empty(3, *size)
    theirs = torch.tensor([RandomResizedCrop.get_params(image, list(scale), list(ratio)) for _ in range(SAMPLES)]).T
    for mine, other in zip(ours(size, scale, ratio), theirs, strict=True):
        assert ks_2samp(mine.numpy(), other.numpy()).pvalue > 0.01


def test_boxes_are_whole_pixels_inside_the_image():
    top, left, height, width = ours((7, 11), (0.01, 1.0), (0.3, 3.0))
    for value in (top, left, height, width):
        assert torch.equal(value, value.round())
    assert top.min() >= 0 and left.min() >= 0 and height.min() >= 1 and width.min() >= 1
    assert (top + height).max() <= 7 and (left + width).max() <= 11


def test_a_uniform_number_next_to_one_stays_inside():
    uniform = torch.full((1, boxes.DRAWS), 1 - 2**-24)
    box = boxes.sample(uniform, (100, 100), (0.08, 0.5), (1.0, 1.0))
    assert float(box.top + box.height) == 100 and float(box.left + box.width) == 100


def test_the_whole_image_can_be_asked_for():
    assert torch.equal(ours((32, 32), (1.0, 1.0), (1.0, 1.0)).T.unique(dim=0), torch.tensor([[0.0, 0, 32, 32]]))
