import math

import pytest
import torch
from helpers.two_views import triplets, views
from probeline.losses import dcl, nt_xent, supcon

LABELS = torch.tensor([0, 1, 0, 2, -1, 1])


def test_two_orthogonal_pairs_give_the_value_worked_out_by_hand():
    za = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # Each row: its positive has similarity 1, its two negatives 0, so the loss is -log(e^2 / (e^2 + 2)) at 0.5.
    assert nt_xent(za, za, temperature=0.5).item() == pytest.approx(-math.log(math.exp(2) / (math.exp(2) + 2)))
    # From one view there is one negative.
    one = nt_xent(za, za, temperature=0.5, negatives="one").item()
    assert one == pytest.approx(-math.log(math.exp(2) / (math.exp(2) + 1)))


@pytest.mark.parametrize("negatives", ["both", "one"])
def test_it_equals_equation_1_written_out(negatives):
    za, zb = views()
    total = 0.0
    for positive, others in triplets(za, zb, negatives):
        total -= math.log(math.exp(positive / 0.2) / sum(math.exp(s / 0.2) for s in [positive, *others]))
    assert nt_xent(za, zb, 0.2, negatives).item() == pytest.approx(total / 12, rel=1e-12)


def test_a_row_is_not_its_own_negative():
    za, zb = views(b=1)
    assert nt_xent(za, zb).item() == 0.0


def test_the_scale_matters_only_without_normalisation():
    za, zb = views()
    torch.testing.assert_close(nt_xent(3 * za, 0.1 * zb), nt_xent(za, zb))
    assert nt_xent(3 * za, zb, normalise=False) != nt_xent(za, zb, normalise=False)
    unit = [torch.nn.functional.normalize(z, dim=1) for z in (za, zb)]
    torch.testing.assert_close(nt_xent(*unit, normalise=False), nt_xent(za, zb))


BLOCKWISE = {
    "nt_xent": lambda a, b, rows: nt_xent(a, b, 0.1, block_rows=rows),
    "nt_xent, negatives from one view": lambda a, b, rows: nt_xent(a, b, 0.1, "one", block_rows=rows),
    "nt_xent, dot products": lambda a, b, rows: nt_xent(a, b, 0.1, normalise=False, block_rows=rows),
    "dcl": lambda a, b, rows: dcl(a, b, 0.1, block_rows=rows),
    "dcl, negatives from one view": lambda a, b, rows: dcl(a, b, 0.1, negatives="one", block_rows=rows),
    "supcon": lambda a, b, rows: supcon(a, b, LABELS, block_rows=rows),
}


@pytest.mark.parametrize("rows", [1, 5, 12, 100])
@pytest.mark.parametrize("loss", BLOCKWISE)
def test_in_blocks_value_and_gradient_are_those_of_all_at_once(loss, rows):
    za, zb = (z.requires_grad_() for z in views())
    whole, parts = (BLOCKWISE[loss](za, zb, size) for size in (None, rows))
    torch.testing.assert_close(parts, whole, rtol=1e-12, atol=0)
    for part, expected in zip(torch.autograd.grad(parts, (za, zb)), torch.autograd.grad(whole, (za, zb)), strict=True):
        torch.testing.assert_close(part, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("loss", BLOCKWISE)
def test_in_blocks_its_gradient_is_that_of_finite_differences(loss):
    za, zb = (z.requires_grad_() for z in views())
    assert torch.autograd.gradcheck(lambda a, b: BLOCKWISE[loss](a, b, 5), (za, zb))


def test_blocks_are_chosen_where_all_at_once_would_be_large():
    za, zb = views(b=1100, d=8)
    torch.testing.assert_close(nt_xent(za, zb), nt_xent(za, zb, block_rows=2200), rtol=1e-12, atol=0)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.numel()) or t, lambda t: t):
        nt_xent(za.requires_grad_(), zb)
    assert sum(kept) < 20 * 2200 * 8  # a matrix of similarities has 4,840,000 entries


@pytest.mark.parametrize("size", [100.0, -100.0])
def test_dot_products_beyond_the_range_of_exp_stay_finite(size):
    za = torch.tensor([[size, 0.0], [0.0, size]], requires_grad=True)
    for rows in (None, 1):
        value = nt_xent(za, za.detach().flip(0), 0.01, normalise=False, block_rows=rows)
        assert value.item() == pytest.approx(size**2 / 0.01, rel=1e-6)
        assert torch.autograd.grad(value, za)[0].isfinite().all()


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("b", [2, 16, 64])
def test_it_agrees_with_lightly(b, temperature):
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    za, zb = views(b=b, d=32, dtype=torch.float32)
    torch.testing.assert_close(nt_xent(za, zb, temperature), loss.NTXentLoss(temperature)(za, zb), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        nt_xent(za, zb, temperature, block_rows=3), loss.NTXentLoss(temperature)(za, zb), atol=1e-5, rtol=0
    )


def test_it_agrees_with_pytorch_metric_learning():
    losses = pytest.importorskip("pytorch_metric_learning.losses", reason="the extra [pml] is not installed")
    za, zb = views(b=16, d=32, dtype=torch.float32)
    theirs = losses.NTXentLoss(0.2)(torch.cat([za, zb]), torch.arange(16).repeat(2))
    torch.testing.assert_close(nt_xent(za, zb, 0.2), theirs, atol=1e-5, rtol=0)
