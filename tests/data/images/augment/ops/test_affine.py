"""Values by hand of affine maps of images."""

import math

import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.data.images.augment.ops.affine import inverses, linear_maps, moved
from torch import tensor
from torchvision.transforms.v2.functional import affine as torchvision_affine

ONE, NONE = torch.ones(1, 2), torch.zeros(1, 2)
IMAGE = torch.rand(1, 2, 7, 9, generator=torch.Generator().manual_seed(0))
NOTHING = {"name": "affine", "degrees": 0, "shear": 0, "scale": [1, 1], "shift": 0, "each": 1}


def test_a_shift_moves_to_the_right_and_down():
    seen = moved(IMAGE, torch.eye(2)[None], tensor([[2.0, 1.0]]), "zeros")
    assert torch.allclose(seen[..., 1:, 2:], IMAGE[..., :-1, :-2], atol=1e-6)
    assert not seen[..., 0, :].any() and not seen[..., :2].any()


@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_a_quarter_turn_of_a_square_is_exact(padding):
    square = IMAGE[..., :7]
    maps = linear_maps(tensor([math.pi / 2]), NONE, ONE)
    assert torch.allclose(moved(square, maps, NONE, padding), square.rot90(-1, (2, 3)), atol=1e-5)


def test_doubling_reads_the_middle_half():
    ramp = torch.arange(8.0).expand(1, 1, 8, 8) / 8
    seen = moved(ramp, linear_maps(tensor([0.0]), NONE, tensor([[2.0, 1.0]])), NONE, "border")
    assert torch.allclose(seen[0, 0, 0], 3.5 / 8 + (torch.arange(8) - 3.5) / 16, atol=1e-6)


def test_a_shear_moves_rows_in_proportion_to_their_distance_from_the_middle():
    seen = moved(IMAGE, linear_maps(tensor([0.0]), tensor([[1.0, 0.0]]), ONE), NONE, "zeros")
    assert torch.allclose(seen[..., 3, :], IMAGE[..., 3, :], atol=1e-6)
    assert torch.allclose(seen[..., 5, 2:], IMAGE[..., 5, :-2], atol=1e-6)


def test_turns_and_shifts_are_those_of_torchvision():
    angle = tensor([math.radians(17)])
    seen = moved(IMAGE, linear_maps(angle, NONE, ONE * 1.3), tensor([[1.0, -2.0]]), "zeros")
    theirs = torchvision_affine(IMAGE, 17, [1, -2], 1.3, [0, 0], interpolation="bilinear")
    assert torch.allclose(seen, theirs, atol=1e-4)


def test_an_inverse_undoes_its_map():
    maps = linear_maps(torch.rand(5), torch.rand(5, 2) / 2, torch.rand(5, 2) + 0.5)
    assert torch.allclose(inverses(maps) @ maps, torch.eye(2).expand(5, 2, 2), atol=1e-5)


def test_a_map_whose_parts_are_all_nothing_is_the_identity():
    draws = SampleRNG(0, 0, torch.arange(1))
    assert torch.allclose(augment(IMAGE, [NOTHING], draws), IMAGE, atol=1e-6)


@pytest.mark.parametrize(("outside", "corner"), [("black", 0.0), ("white", 1.0), ("edge", 0.5)])
def test_beyond_the_image_is_what_was_asked_for(outside, corner):
    grey = torch.full((4, 1, 6, 6), 0.5)
    shrunk = {**NOTHING, "scale": [0.5, 0.5], "outside": outside}
    seen = augment(grey, [shrunk], SampleRNG(0, 0, torch.arange(4)))
    assert torch.allclose(seen[..., 0, 0], tensor(corner)) and torch.allclose(seen[..., 2, 3], tensor(0.5))


def test_each_part_is_there_for_half_of_the_samples():
    many = IMAGE.expand(400, -1, -1, -1)
    shifted = augment(many, [{**NOTHING, "shift": 0.3, "each": 0.5}], SampleRNG(0, 0, torch.arange(400)))
    same = torch.isclose(shifted, many, atol=1e-5).flatten(1).all(1).float().mean()
    assert 0.18 < same < 0.32  # neither along x nor along y
