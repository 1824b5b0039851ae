import pytest
import torch
from helpers.encoders import Wrapped
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.data.images.augment.settings import Augment
from probeline.errors import BadData
from probeline.methods.context.rotation import Config, Rotation
from probeline.plugins import catalog
from pydantic import ValidationError
from torch import nn

PLAIN = Augment(crop_scale=(1, 1), crop_ratio=(0.1, 10), flip=0, jitter=0, grey=0)
EIGHT = [0, 45, 90, 135, 180, 225, 270, 315]


def method(size=(8, 8), **settings):
    facts = DatasetInfo("-", 8, 1, 1, (), image(*size, 3))
    encoder = Wrapped(nn.Flatten(), 3 * size[0] * size[1])
    return Rotation(Config(augment=PLAIN, **settings), encoder, facts)


def views(made, size=(8, 8)):
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    index = torch.arange(2)
    return images, made.views(Batch(images, index, index), SampleRNG(0, 0, index))


@pytest.mark.parametrize("rotations", [[0, 180], [90, 270], [0, 90, 180, 270]])
def test_quarter_turns_are_exact_and_their_place_in_the_list_is_the_label(rotations):
    made = method(rotations=rotations)
    images, turned = views(made)
    assert turned.targets.tolist() == [label for label in range(len(rotations)) for _ in images]
    for label, angle in enumerate(rotations):
        exact = torch.rot90(images, angle // 90, (2, 3))
        torch.testing.assert_close(turned.inputs[turned.targets == label], exact)
    assert made(turned).z.shape == (2 * len(rotations), len(rotations))


def test_eight_directions_are_as_blurred_as_each_other():
    _, turned = views(method(rotations=EIGHT))
    copies = turned.inputs.unflatten(0, (8, 2))
    for quarter in range(4):
        torch.testing.assert_close(copies[2 * quarter], torch.rot90(copies[0], quarter, (2, 3)), atol=1e-5, rtol=0)
        torch.testing.assert_close(copies[2 * quarter + 1], torch.rot90(copies[1], quarter, (2, 3)), atol=1e-5, rtol=0)
    assert not torch.allclose(copies[1], copies[0], atol=1e-2)


def test_images_that_are_not_square_take_half_turns_only():
    with pytest.raises(BadData, match=r"8x10.*rotations: \[0, 180\]"):
        method(size=(8, 10))
    images, turned = views(method(size=(8, 10), rotations=[0, 180]), size=(8, 10))
    torch.testing.assert_close(turned.inputs[2:], images.flip(2, 3))


def test_an_angle_twice_is_refused():
    with pytest.raises(ValidationError, match="twice"):
        Config(rotations=[0, 90, 90])


def test_a_rotation_by_another_angle_is_refused():
    with pytest.raises(ValidationError):
        catalog.settings("methods", {"name": "rotation", "rotations": [0, 30]})
