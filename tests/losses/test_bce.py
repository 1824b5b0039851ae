import pytest
import torch
from probeline.losses import bce

ZA, ZB = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0], [3.0, 1.0]])
SAME = torch.tensor([True, False])
WEIGHT, BIAS = torch.tensor([-1.0, 0.5]), torch.tensor(0.25)


def test_two_pairs_give_the_value_worked_out_by_hand():
    logits = torch.tensor([2 * 0.5 + 0.25, -3 + 0.5 + 0.25])
    p = 1 / (1 + (-logits).exp())
    expected = -(p[0].log() + (1 - p[1]).log()) / 2
    assert bce(ZA, ZB, SAME, WEIGHT, BIAS).item() == pytest.approx(expected.item(), rel=1e-6)


def test_without_weights_it_is_the_logarithm_of_2():
    assert bce(ZA, ZB, SAME, 0 * WEIGHT, 0 * BIAS).item() == pytest.approx(0.693147, rel=1e-5)


def test_large_distances_neither_overflow_nor_lose_their_gradient():
    za = (1e4 * ZA).requires_grad_()
    value = bce(za, ZB, ~SAME, WEIGHT, BIAS)
    assert value.isfinite() and torch.autograd.grad(value, za)[0].abs().sum() > 0


def test_weights_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"weight is \[D\] with D = 2"):
        bce(ZA, ZB, SAME, torch.ones(3), BIAS)
