import math

import torch
from probeline.losses.sequence.noise_contrast import binary_nce, info_nce
from torch.nn import functional as F


def test_info_nce_is_the_cross_entropy_of_the_positive() -> None:
    positive, negatives = torch.randn(6), torch.randn(6, 4)
    expected = F.cross_entropy(
        torch.cat([positive[:, None], negatives], 1), torch.zeros(6, dtype=torch.int64), reduction="none"
    )
    torch.testing.assert_close(info_nce(positive, negatives), expected)


def test_equal_scores_cost_the_logarithm_of_the_candidates() -> None:
    assert math.isclose(info_nce(torch.zeros(1), torch.zeros(1, 9)).item(), math.log(10), rel_tol=1e-6)


def test_a_negative_that_is_left_out_counts_for_nothing() -> None:
    positive, negatives = torch.randn(3), torch.randn(3, 5)
    masked = torch.cat([negatives, torch.full((3, 2), -math.inf)], dim=1)
    torch.testing.assert_close(info_nce(positive, masked), info_nce(positive, negatives))
    torch.testing.assert_close(binary_nce(positive, masked, 10.0), binary_nce(positive, negatives, 10.0))


def test_binary_nce_is_the_sum_over_negatives_where_lambda_is_their_number() -> None:
    positive, negatives = torch.randn(4), torch.randn(4, 10)
    by_hand = -F.logsigmoid(positive) - F.logsigmoid(-negatives).sum(1)
    torch.testing.assert_close(binary_nce(positive, negatives, 10.0), by_hand)


def test_gradients_are_those_of_finite_differences() -> None:
    positive, negatives = torch.randn(3, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)
    inputs = (positive.requires_grad_(), negatives.requires_grad_())
    assert torch.autograd.gradcheck(info_nce, inputs)
    assert torch.autograd.gradcheck(lambda a, b: binary_nce(a, b, 4.0), inputs)


def test_no_negative_at_all_has_a_finite_loss() -> None:
    negatives = torch.full((2, 3), -math.inf, requires_grad=True)
    positive = torch.zeros(2, requires_grad=True)
    loss = info_nce(positive, negatives).sum() + binary_nce(positive, negatives, 3.0).sum()
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(loss, (positive, negatives)))
