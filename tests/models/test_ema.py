import pytest
import torch
from probeline.models.ema import ema_copy, ema_update, rising_momentum
from torch import nn


def test_a_follower_starts_equal_is_not_trained_and_is_a_copy():
    source = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    target = ema_copy(source)
    assert not any(weight.requires_grad for weight in target.parameters())
    assert all(weight.requires_grad for weight in source.parameters())
    with torch.no_grad():
        source[0].weight.add_(1)
    assert not torch.equal(target[0].weight, source[0].weight)


@pytest.mark.parametrize("momentum", [0.75, torch.tensor(0.75)])
def test_it_moves_by_one_minus_the_momentum_of_the_way(momentum):
    source, target = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.constant_(source.weight, 4.0)
    nn.init.constant_(target.weight, 8.0)
    ema_update(target, source, momentum)
    assert target.weight.item() == 7.0
    assert source.weight.item() == 4.0


def test_its_batch_norm_keeps_its_own_statistics():
    source = nn.BatchNorm1d(2)
    target = ema_copy(source)
    source(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    ema_update(target, source, 0.0)
    assert target.running_mean.tolist() == [0, 0]


def test_the_momentum_rises_along_a_cosine_to_one():
    at = [rising_momentum(0.9, torch.tensor(step), 4).item() for step in (0, 2, 4, 9)]
    assert at == pytest.approx([0.9, 0.95, 1.0, 1.0])
    assert rising_momentum(0.9, torch.tensor(7), 0).item() == pytest.approx(0.9)
