"""Values by hand of the operations on series."""

import math

import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.data.series.augment.ops.resample_time import resampled
from probeline.data.series.augment.ops.rotate_trajectory import rotations
from probeline.data.series.augment.ops.time_warp import warped
from probeline.data.series.augment.positions import mean_and_std, read_at, states
from probeline.errors import UserError
from torch import tensor

LINE = tensor([[[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [4.0, 5.0]]])


def rng(count=1, seed=0):
    return SampleRNG(seed, 0, torch.arange(count))


def test_a_series_is_read_between_its_steps_and_states_at_the_nearer_one():
    given = tensor([[[0.0, 0.0], [2.0, 1.0], [6.0, 0.0]]])
    assert read_at(given, tensor([[0.0, 0.25, 1.5, 2.0]])).tolist() == [
        [[0.0, 0.0], [0.5, 0.0], [4.0, 0.0], [6.0, 0.0]]
    ]
    assert read_at(given, tensor([[0.49, 0.51]]))[0, :, 1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("name", ["time_warp", "rescale", "jitter_points", "resample_time", "rotate_trajectory"])
def test_the_state_of_a_pen_stays_one(name):
    given = torch.rand(20, 30, 3)
    given[:, :, 2] = (given[:, :, 2] > 0.3).float()
    seen = augment(given, [{"name": name}], rng(20))
    assert states(seen).tolist() == [[[False, False, True]]] * 20
    assert abs(seen[:, :, 2].mean() - given[:, :, 2].mean()) < 0.1


def test_where_the_speed_is_the_same_all_along_nothing_is_warped():
    positions = warped(torch.full((1, 4), 3.0), tensor([5]), 5)
    assert torch.allclose(positions, tensor([[0.0, 1.0, 2.0, 3.0, 4.0]]))


def test_twice_the_speed_in_the_first_half_is_read_in_half_of_the_time():
    # Speeds at the middles of four steps, between knots 3 and 1: 2.75, 2.25, 1.75, 1.25; together 8, over 4 steps.
    positions = warped(tensor([[3.0, 1.0]]), tensor([5]), 5)
    assert torch.allclose(positions, tensor([[0.0, 2.75, 5.0, 6.75, 8.0]]) / 2)


def test_a_warp_ends_with_the_sample_and_not_with_its_padding():
    positions = warped(tensor([[3.0, 1.0], [3.0, 1.0]]), tensor([3, 1]), 5)
    assert torch.allclose(positions[0], tensor([0.0, 2.5 / 4 * 2, 2.0, 2.0, 2.0]))
    assert positions[1].tolist() == [0.0] * 5


def test_a_warp_runs_forward_whatever_is_drawn():
    seen = augment(LINE.expand(50, -1, -1), [{"name": "time_warp", "sigma": 2.0}], rng(50))
    assert (seen[:, 1:, 0] >= seen[:, :-1, 0]).all()
    assert torch.allclose(seen[:, [0, -1], 0], tensor([0.0, 4.0]).expand(50, -1))


def test_at_half_the_rate_every_second_step_is_read_and_drawn_straight():
    zigzag = tensor([[[0.0], [1.0], [0.0], [1.0], [2.0]]])
    assert resampled(zigzag, tensor([0.5]), tensor([5])).flatten().tolist() == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert torch.equal(resampled(zigzag, tensor([1.0]), tensor([5])), zigzag)
    short = resampled(zigzag, tensor([0.5]), tensor([3]))  # of three steps the first and the last
    assert short.flatten()[:3].tolist() == [0.0, 0.0, 0.0]


def test_a_quarter_turn_takes_x_to_y():
    assert torch.allclose(tensor([[2.0, 0.0]]) @ rotations(tensor([math.pi / 2]))[0], tensor([[0.0, 2.0]]), atol=1e-6)


def test_a_turn_keeps_the_mean_and_the_distances_and_other_columns():
    given = torch.rand(8, 20, 4)
    seen = augment(given, [{"name": "rotate_trajectory", "columns": [1, 3], "degrees": 90}], rng(8))
    plane, turned = given[:, :, [1, 3]], seen[:, :, [1, 3]]
    assert torch.equal(seen[:, :, [0, 2]], given[:, :, [0, 2]])
    assert torch.allclose(turned.mean(1), plane.mean(1), atol=1e-5)
    assert torch.allclose(torch.cdist(turned, turned), torch.cdist(plane, plane), atol=1e-4)


def test_one_factor_scales_all_columns_or_each_has_its_own():
    given = torch.rand(200, 6, 3) + 1
    one = augment(given, [{"name": "rescale", "scale": [0.5, 2.0]}], rng(200)) / given
    assert torch.allclose(one, one[:, :1, :1].expand_as(one))
    assert one.min() >= 0.5 and one.max() <= 2 and abs(one.log().mean()) < 0.1
    own = augment(given, [{"name": "rescale", "factors": "by_column", "columns": [0, 2]}], rng(200)) / given
    assert torch.equal(own[:, :, 1], torch.ones(200, 6)) and not torch.allclose(own[:, :, 0], own[:, :, 2])


def test_jitter_is_a_share_of_each_columns_spread():
    given = torch.randn(100, 50, 2, generator=torch.Generator().manual_seed(0)) * tensor([1.0, 100.0])
    noise = augment(given, [{"name": "jitter_points", "sigma": 0.1}], rng(100)) - given
    assert noise[..., 0].std() == pytest.approx(0.1, rel=0.05) and noise[..., 1].std() == pytest.approx(10, rel=0.05)


def test_mean_and_spread_are_of_the_real_steps():
    mean, std = mean_and_std(tensor([[[1.0], [3.0], [0.0], [0.0]]]), tensor([2]))
    assert (mean.item(), std.item()) == (2.0, 1.0)


@pytest.mark.parametrize(
    "operation",
    [
        {"name": "rotate_trajectory", "columns": [0, 2]},
        {"name": "rescale", "columns": [2]},
        {"name": "jitter_points", "columns": [2]},
    ],
)
def test_a_column_that_is_not_there_is_a_message(operation):
    with pytest.raises(UserError, match=f"augmentation {operation['name']}: .*there is no column 2; the series have 2"):
        augment(LINE, [operation], rng())
