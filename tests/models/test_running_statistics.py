import pytest
import torch
from probeline.models.running_statistics import in_one_update, one_update
from torch import nn


def norm(momentum=0.1):
    made = nn.BatchNorm1d(2, momentum=momentum)
    made.running_mean.fill_(1.0)
    made.running_var.fill_(2.0)
    return made


def parts(*sizes):
    return torch.randn(sum(sizes), 2, generator=torch.Generator().manual_seed(0)).split(sizes)


def weighed(values, sizes):
    return sum(size / sum(sizes) * value for size, value in zip(sizes, values, strict=True))


@pytest.mark.parametrize("sizes", [(4,), (4, 4), (2, 3, 7, 2)])
def test_parts_move_them_once_by_their_mean_weighed_by_size(sizes):
    made, given = norm(), parts(*sizes)
    in_one_update(made, given)
    mean, variance = weighed([x.mean(0) for x in given], sizes), weighed([x.var(0) for x in given], sizes)
    torch.testing.assert_close(made.running_mean, 0.9 * torch.ones(2) + 0.1 * mean)
    torch.testing.assert_close(made.running_var, 0.9 * torch.full((2,), 2.0) + 0.1 * variance)
    assert (int(made.num_batches_tracked), made.momentum) == (1, 0.1)


def test_parts_of_parts_are_one_update_too():
    nested, flat = norm(), norm()
    a, b, c, d = parts(2, 4, 3, 3)
    in_one_update(nested, [torch.cat([a, b]), torch.cat([c, d])], lambda x: in_one_update(nested, x.split(2))[0])
    in_one_update(flat, [*torch.cat([a, b]).split(2), *torch.cat([c, d]).split(2)])
    torch.testing.assert_close(nested.state_dict(), flat.state_dict())


def test_the_mean_over_all_steps_counts_a_step_in_parts_as_one():
    made, first, second = norm(None), parts(4, 4), parts(3, 5)
    for step in (first, second):
        in_one_update(made, step)
    means = [weighed([x.mean(0) for x in step], [len(x) for x in step]) for step in (first, second)]
    torch.testing.assert_close(made.running_mean, sum(means) / 2)
    assert int(made.num_batches_tracked) == 2


def test_outputs_are_those_of_each_part_alone():
    made, given = norm(), parts(3, 5)
    for output, part in zip(in_one_update(made, given), given, strict=True):
        torch.testing.assert_close(output, norm()(part))


def test_a_pass_that_raises_leaves_momentum_and_counter():
    made = norm()
    with pytest.raises(ValueError, match="more than 1 value"), one_update(made, [1]) as next_pass:
        next_pass()
        made(torch.ones(1, 2))
    assert (int(made.num_batches_tracked), made.momentum) == (0, 0.1)


def test_in_evaluation_nothing_moves():
    made = norm().eval()
    in_one_update(made, parts(2, 2))
    assert (made.running_mean.tolist(), int(made.num_batches_tracked)) == ([1.0, 1.0], 0)
