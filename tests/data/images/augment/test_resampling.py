import pytest
import torch
from probeline.data.images.augment.resampling import Span, blur_matrix, resize_matrix
from probeline.data.images.augment.settings import blur_radius
from torchvision.transforms.v2 import functional as tv

H, W = 37, 50
IMAGE = torch.rand(1, 3, H, W, generator=torch.Generator().manual_seed(0))


def span(start: int, length: int, reverse: bool | None = None) -> Span:
    flag = None if reverse is None else torch.tensor([reverse])
    return Span(torch.tensor([float(start)]), torch.tensor([float(length)]), flag)


@pytest.mark.parametrize("out", [(32, 32), (8, 8), (13, 61), (1, 1)])
@pytest.mark.parametrize("box", [(0, 0, H, W), (3, 5, 10, 12), (7, 2, 30, 40), (36, 49, 1, 1), (0, 31, 37, 3)])
def test_crop_and_resize_agree_with_torchvision(box, out):
    top, left, height, width = box
    down, across = resize_matrix(span(top, height), H, out[0]), resize_matrix(span(left, width), W, out[1])
    expected = tv.resized_crop(IMAGE, top, left, height, width, list(out), antialias=True)
    assert torch.allclose(down @ IMAGE @ across.mT, expected, atol=1e-5)


def test_a_reversed_span_flips():
    plain, flipped = (resize_matrix(span(4, 20, reverse), W, 16) for reverse in (False, True))
    assert torch.equal(flipped, plain.flip(1))


def test_the_whole_axis_at_its_own_size_is_the_identity_to_the_bit():
    assert torch.equal(resize_matrix(span(0, H), H, H)[0], torch.eye(H))


@pytest.mark.parametrize("sigma", [0.1, 0.7, 2.0])
@pytest.mark.parametrize("side", [32, 64, 224])
def test_blur_agrees_with_torchvision(sigma, side):
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    blur = blur_matrix(torch.tensor([sigma]), side, blur_radius(side))
    expected = tv.gaussian_blur(image, [2 * blur_radius(side) + 1] * 2, [sigma, sigma])
    assert torch.allclose(blur @ image @ blur.mT, expected, atol=1e-5)


def test_the_kernel_is_a_tenth_of_the_side():
    assert [2 * blur_radius(side) + 1 for side in (8, 32, 96, 224)] == [1, 3, 9, 23]
    assert [2 * blur_radius(side, 0.25) + 1 for side in (8, 32)] == [3, 9]


def test_no_sigma_is_no_blur():
    assert torch.equal(blur_matrix(torch.zeros(2), 32, 1), torch.eye(32).expand(2, 32, 32))
