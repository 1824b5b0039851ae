import pytest
import torch
from helpers.encoders import Wrapped
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.data.images.augment.settings import Augment
from probeline.errors import BadData, UserError
from probeline.methods.context.relative_position import NEIGHBOURS, Config, RelativePosition, extent, guarded, sizes
from probeline.models.build import build_encoder
from torch import nn

PLAIN = Augment(crop_scale=(1, 1), crop_ratio=(0.1, 10), flip=0, jitter=0, grey=0)


def method(shape=(32, 32, 3), **settings):
    encoder = build_encoder({"name": "resnet", "width": 2}, image(*shape))
    return RelativePosition(
        Config(augment=PLAIN, hidden=8, **settings), encoder, DatasetInfo("-", 8, 1, 1, (), image(*shape))
    )


def patches(made, images, epoch=0):
    index = torch.arange(len(images))
    views = made.views(Batch(images, index, index), SampleRNG(0, epoch, index))
    return views.inputs.unflatten(0, (-1, len(images))), views.targets


def coordinates(side=32):
    """Images whose channels say row and column, in 1/side."""
    place = torch.arange(side) / side
    channels = [place[:, None].expand(side, side), place[None].expand(side, side), torch.zeros(side, side)]
    return torch.stack(channels)[None].repeat(6, 1, 1, 1)


def test_the_labels_say_in_which_direction_each_neighbour_lies():
    made = method(guard="none")
    found, asked = patches(made, coordinates())
    assert found.shape == (9, 6, 3, made.patch, made.patch)
    assert sorted(asked[0].tolist()) == list(range(8))
    corners = (found[:, :, :2, 0, 0] * 32).round()  # [V, B, 2]: row and column of each patch's first pixel
    for neighbour in range(8):
        apart = corners[1 + neighbour] - corners[0]
        direction = (apart / (made.patch + made.gap)).round()
        expected = torch.tensor(NEIGHBOURS)[asked[:, neighbour]] - 1
        assert torch.equal(direction.long(), expected)


def test_the_eight_places_are_those_around_the_middle_in_reading_order():
    assert [row * 3 + column for row, column in NEIGHBOURS] == [0, 1, 2, 3, 5, 6, 7, 8]


def test_patches_move_by_up_to_the_jitter_and_do_not_touch():
    made = method(guard="none", jitter=1)
    seen = set()
    for epoch in range(20):
        found, _ = patches(made, coordinates(), epoch)
        corners = (found[:, :, :2, 0, 0] * 32).round()
        apart = (corners[1:] - corners[0]).abs()  # [8, B, 2]
        seen |= set((apart.amax(2) - made.patch - made.gap).flatten().tolist())
        assert (apart.amax(2) >= made.patch + made.gap - 2 * made.jitter).all()
    assert seen == {-2.0, -1.0, 0.0, 1.0, 2.0}


def test_fewer_neighbours_are_another_choice_each_time():
    made = method(neighbours=2)
    _, first = patches(made, coordinates())
    _, other = patches(made, coordinates(), epoch=1)
    assert first.shape == (6, 2)
    assert (first[:, 0] != first[:, 1]).all()
    assert not torch.equal(first, other)


@pytest.mark.parametrize("side", [15, 16, 28, 32, 33, 64, 96, 224])
def test_the_largest_patches_that_fit_are_taken(side):
    patch, gap, jitter = sizes(Config(), side)
    assert extent(patch, gap, jitter) <= side
    assert patch >= 0.18 * side
    assert patch / 3 <= gap <= patch


def test_the_papers_sizes_come_out_of_an_image_that_just_holds_them():
    assert sizes(Config(), extent(96, 48, 7)) == (96, 48, 7)


@pytest.mark.parametrize(("side", "settings"), [(14, {}), (32, {"patch": 12}), (32, {"patch": 8, "gap": 8})])
def test_images_that_hold_no_nine_patches_are_refused_with_a_remedy(side, settings):
    with pytest.raises(BadData, match=rf"images of {side} pixels.*set a smaller"):
        sizes(Config(**settings), side)


def test_an_encoder_of_one_size_is_refused():
    encoder = Wrapped(nn.Flatten(), 32 * 32 * 3)
    with pytest.raises(UserError, match="patch of 7x7"):
        RelativePosition(Config(), encoder, DatasetInfo("-", 8, 1, 1, (), image(32, 32, 3)))


def test_grey_and_oblong_images_work():
    made = method((28, 40, 1))
    found, _ = patches(made, torch.rand(2, 1, 28, 40))
    assert found.shape == (9, 2, 1, made.patch, made.patch)


def test_projection_takes_green_against_magenta_away():
    one = 0.3 + 0.4 * torch.rand(2, 3, 4, 4)
    axis = torch.tensor([-1.0, 2.0, -1.0])[:, None, None]
    other = one + 0.02 * axis  # a fringe of another strength
    rng = SampleRNG(0, 0, torch.arange(2))
    torch.testing.assert_close(guarded(one, "projection", rng), guarded(other, "projection", rng))
    assert (guarded(one, "projection", rng) * axis).sum(1).abs().max() < 1e-6


def test_dropping_keeps_one_channel_and_makes_noise_of_the_others():
    image = torch.rand(50, 3, 5, 5)
    made = guarded(image, "dropping", SampleRNG(0, 0, torch.arange(50)))
    same = (made == image).flatten(2).all(2)
    assert (same.sum(1) == 1).all()
    assert same.any(0).all()
    dropped = made.transpose(2, 1).transpose(3, 2)[~same.unsqueeze(1).unsqueeze(1).expand(-1, 5, 5, -1)]
    assert (dropped - 0.5).abs().max() < 0.05
    assert 0.002 < dropped.std() < 0.005  # a hundredth of a uniform image's deviation, 0.29
