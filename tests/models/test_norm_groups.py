from copy import deepcopy

import pytest
import torch
from probeline.models.norm_groups import GroupedNorms, Groups, in_groups
from probeline.models.running_statistics import in_one_update
from torch import nn


def network():
    torch.manual_seed(0)
    vectors = nn.Sequential(nn.Flatten(), nn.Linear(48, 4), nn.BatchNorm1d(4, momentum=0.3))
    return nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), *vectors)


def images(samples):
    x = torch.randn(samples, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("samples", "count"), [(7, 3), (16, 4), (5, 1)])
def test_sizes_differ_by_one_at_most_and_every_row_is_in_one_group(samples, count, apart):
    groups = Groups(samples, count, apart)
    assert groups.sizes == [len(rows) for rows in groups.rows()]
    assert max(groups.sizes) - min(groups.sizes) <= 1
    assert sorted(torch.cat(groups.rows()).tolist()) == list(range(samples))


def test_a_group_of_rows_apart_has_one_row_of_every_group_of_neighbours():
    neighbours, apart = ([set(rows.tolist()) for rows in Groups(16, 4, apart).rows()] for apart in (False, True))
    assert all(len(one & other) == 1 for one in neighbours for other in apart)


@pytest.mark.parametrize("apart", [False, True])
def test_outputs_stand_in_the_order_of_the_inputs(apart):
    inputs = torch.arange(7.0)[:, None]
    assert torch.equal(in_groups(nn.Identity(), inputs, Groups(7, 3, apart)), inputs)


@pytest.mark.parametrize("sizes", [[4, 4, 4], [5, 4, 4], [3, 3, 2, 2]])
def test_groups_that_pass_together_are_groups_that_pass_one_by_one(sizes):
    """The same outputs, gradients and running statistics, up to rounding."""
    alone, x = network(), images(sum(sizes))
    together = deepcopy(alone)
    upstream = torch.randn(sum(sizes), 4, generator=torch.Generator().manual_seed(2))
    for _ in range(2):
        expected = torch.cat(in_one_update(alone, x.split(sizes)))
        with GroupedNorms(sizes):
            outputs = together(x)
        torch.testing.assert_close(outputs, expected)
        for y in (outputs, expected):
            (y * upstream).sum().backward()
    for own, other in zip(together.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(dict(together.named_buffers()), dict(alone.named_buffers()))


def test_norms_in_evaluation_and_without_statistics_are_left_as_they_are():
    frozen, untracked, x = nn.BatchNorm2d(3).eval(), nn.BatchNorm2d(3, track_running_stats=False), images(4)
    expected = frozen(x), torch.cat([untracked(half) for half in x.split(2)])
    with GroupedNorms([2, 2]):
        torch.testing.assert_close((frozen(x), untracked(x)), expected)
    assert frozen.running_mean.tolist() == [0, 0, 0]
