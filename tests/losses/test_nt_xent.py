import math

import pytest
import torch
from probeline.losses import nt_xent


def views(b=6, d=5, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, b, d, generator=generator, dtype=dtype)


def test_two_orthogonal_pairs_give_the_value_worked_out_by_hand():
    za = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # Each row: its positive has similarity 1, its two negatives 0, so the loss is -log(e^2 / (e^2 + 2)) at 0.5.
    assert nt_xent(za, za, temperature=0.5).item() == pytest.approx(-math.log(math.exp(2) / (math.exp(2) + 2)))


def test_it_equals_equation_1_written_out():
    za, zb = views()
    z = torch.nn.functional.normalize(torch.cat([za, zb]), dim=1)
    total = 0.0
    for i in range(12):
        j = (i + 6) % 12
        others = sum(math.exp(float(z[i] @ z[k]) / 0.2) for k in range(12) if k != i)
        total -= math.log(math.exp(float(z[i] @ z[j]) / 0.2) / others)
    assert nt_xent(za, zb, 0.2).item() == pytest.approx(total / 12, rel=1e-12)


def test_a_row_is_not_its_own_negative():
    za, zb = views(b=1)
    assert nt_xent(za, zb).item() == 0.0


def test_neither_the_order_of_samples_nor_of_views_nor_the_scale_matters():
    za, zb = views()
    order = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    expected = nt_xent(za, zb)
    torch.testing.assert_close(nt_xent(za[order], zb[order]), expected)
    torch.testing.assert_close(nt_xent(zb, za), expected)
    torch.testing.assert_close(nt_xent(3 * za, 0.1 * zb), expected)


def test_its_gradient_is_that_of_finite_differences():
    za, zb = views(b=3, d=4)
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.3), (za.requires_grad_(), zb.requires_grad_()))


def test_under_bfloat16_autocast_it_is_computed_in_float32():
    za, zb = views(dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        value = nt_xent(za, zb, 0.1)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, nt_xent(za, zb, 0.1))


@pytest.mark.parametrize(("b", "temperature"), [(2, 0.1), (16, 0.5), (64, 1.0)])
def test_it_agrees_with_lightly(b, temperature):
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    za, zb = views(b=b, d=32, dtype=torch.float32)
    torch.testing.assert_close(nt_xent(za, zb, temperature), loss.NTXentLoss(temperature)(za, zb), atol=1e-5, rtol=0)


@pytest.mark.parametrize("shapes", [((2, 3), (3, 3)), ((2,), (2,))])
def test_views_of_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="two views of the same samples"):
        nt_xent(*(torch.zeros(shape) for shape in shapes))


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match="temperature is 0"):
        nt_xent(*views(), temperature=0)
