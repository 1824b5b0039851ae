import math

import pytest
import torch
from helpers.two_views import triplets, views
from probeline.losses import nt_logistic


def softplus(x):
    return math.log1p(math.exp(x))


def test_two_orthogonal_pairs_give_the_value_worked_out_by_hand():
    za = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # -log sigmoid(1 / 0.5) for the positive, -log sigmoid(0) = log 2 for each negative.
    assert nt_logistic(za, za, 0.5).item() == pytest.approx(softplus(-2) + math.log(2))


@pytest.mark.parametrize("negatives", ["both", "one"])
def test_it_equals_the_loss_of_table_2_written_out(negatives):
    za, zb = views()
    terms = [
        softplus(-positive / 0.2) + sum(softplus(s / 0.2) for s in others) / len(others)
        for positive, others in triplets(za, zb, negatives)
    ]
    assert nt_logistic(za, zb, 0.2, negatives=negatives).item() == pytest.approx(sum(terms) / 12, rel=1e-12)


@pytest.mark.parametrize("negatives", ["both", "one"])
def test_semi_hard_takes_the_closest_negative_that_is_farther_than_the_positive(negatives):
    za, zb = views()
    zb = za + 0.8 * zb
    attraction, repulsion, alone = [], [], 0
    for positive, others in triplets(za, zb, negatives):
        attraction.append(softplus(-positive / 0.2))
        farther = [s for s in others if s < positive]
        repulsion += [softplus(max(farther) / 0.2)] if farther else []
        alone += len(farther) < len(others)
    expected = sum(attraction) / 12 + sum(repulsion) / len(repulsion)
    assert alone > 0
    assert nt_logistic(za, zb, 0.2, "semi_hard", negatives).item() == pytest.approx(expected, rel=1e-12)


def test_its_gradient_has_the_weights_of_table_2():
    """The paper: sigmoid(-s+/t) v+/t - sigmoid(s-/t) v-/t for the objective, the negative of the loss."""
    u = torch.tensor([[0.6, 0.8]], dtype=torch.float64)
    positive, negative = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    za, zb = torch.stack([u[0], negative]).requires_grad_(), torch.stack([positive, negative])
    sigmoid = 1 / (1 + math.exp(0.6 / 0.5)), 1 / (1 + math.exp(-0.8 / 0.5))
    # From one view and without the norms' part: u is the anchor of one row and a candidate of two others.
    (gradient,) = torch.autograd.grad(nt_logistic(za, zb, 0.5, negatives="one", normalise=False), za)
    as_anchor = -(sigmoid[0] * positive - sigmoid[1] * negative) / 0.5
    as_candidate = -(sigmoid[0] * positive - sigmoid[1] * negative) / 0.5
    torch.testing.assert_close(gradient[0], (as_anchor + as_candidate) / 4)
