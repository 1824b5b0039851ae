import math

import pytest
import torch
from helpers.two_views import triplets, views
from probeline.losses import dcl, nt_xent


def test_two_orthogonal_pairs_give_the_value_worked_out_by_hand():
    za = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # Each row: its positive has similarity 1, its two negatives 0, so the loss is log(2 e^0) - 1 / 0.5.
    assert dcl(za, za, 0.5).item() == pytest.approx(math.log(2) - 2)
    assert dcl(za, za, 0.5, negatives="one").item() == pytest.approx(-2)


@pytest.mark.parametrize("negatives", ["both", "one"])
def test_it_equals_equation_6_written_out(negatives):
    za, zb = views()
    terms = [
        math.log(sum(math.exp(s / 0.2) for s in others)) - positive / 0.2
        for positive, others in triplets(za, zb, negatives)
    ]
    assert dcl(za, zb, 0.2, negatives=negatives).item() == pytest.approx(sum(terms) / 12, rel=1e-12)


def test_it_lies_below_nt_xent_whose_denominator_has_a_term_more():
    assert dcl(*views(), 0.5) < nt_xent(*views(), 0.5)


@pytest.mark.parametrize("sigma", [None, 0.5])
def test_it_agrees_with_lightly(sigma):
    theirs = pytest.importorskip("lightly.loss.dcl_loss", reason="the extra [bench] is not installed")
    loss = theirs.DCLLoss(0.1) if sigma is None else theirs.DCLWLoss(0.1, sigma)
    ours = [z.requires_grad_() for z in views(b=16, d=32, dtype=torch.float32)]
    others = [z.detach().clone().requires_grad_() for z in ours]
    value, expected = dcl(*ours, 0.1, sigma), loss(*others)
    torch.testing.assert_close(value, expected, atol=1e-5, rtol=0)
    gradients, wanted = torch.autograd.grad(value, ours), torch.autograd.grad(expected, others)
    torch.testing.assert_close(gradients, wanted, atol=1e-5, rtol=0)
