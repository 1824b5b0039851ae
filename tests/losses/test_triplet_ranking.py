import pytest
import torch
from helpers.written_out import distances
from probeline.losses import triplet_ranking


def test_three_points_on_a_line_give_the_value_worked_out_by_hand():
    z, labels = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0, 0, 1])
    # Squared: d(p, q) = 1, d(p, n) = 4, d(q, n) = 1; (1 - 4 + 2)+ + (1 - 1 + 2)+.
    assert triplet_ranking(z, labels).item() == pytest.approx(2.0)
    assert triplet_ranking(z, labels, margin=4.0).item() == pytest.approx(1.0 + 4.0)


def test_it_is_the_mean_over_two_of_a_class_and_one_of_another():
    z = torch.randn(8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    labels = torch.tensor([0, 0, 1, 1, 1, 2, 0, -1])
    d, terms = distances(z, True, False), []
    for p in range(8):
        for q in range(p):
            others = [n for n in range(8) if labels[n] != labels[p]] if labels[p] == labels[q] else []
            terms += [(d[p, q] - d[p, n] + 2).clamp(min=0) + (d[p, q] - d[q, n] + 2).clamp(min=0) for n in others]
    written = torch.stack(terms).mean()
    value = triplet_ranking(z, labels, block_rows=3)
    torch.testing.assert_close(value, written)
    torch.testing.assert_close(torch.autograd.grad(value, z), torch.autograd.grad(written, z))
