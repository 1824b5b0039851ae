import pytest
import torch
from probeline.models import token_loss
from torch.nn import functional as F


@pytest.mark.parametrize("at_once", [1, 50, 2**20])
def test_surprise_and_its_gradient_are_those_of_a_cross_entropy(at_once, monkeypatch):
    monkeypatch.setattr(token_loss, "VALUES_AT_ONCE", at_once)
    torch.manual_seed(0)
    ours, theirs = ([torch.randn(2, 7, 4), torch.randn(11, 4)] for _ in range(2))
    theirs = [each.clone().requires_grad_() for each in ours]
    ours = [each.requires_grad_() for each in ours]
    targets, weights = torch.randint(0, 11, (2, 7)), torch.randn(2, 7)
    scores = F.linear(theirs[0], theirs[1]).flatten(0, 1)
    expected = F.cross_entropy(scores, targets.flatten(), reduction="none").view(2, 7)
    nats = token_loss.surprise(*ours, targets)
    torch.testing.assert_close(nats, expected)
    (nats * weights).sum().backward()
    (expected * weights).sum().backward()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_large_scores_are_finite():
    rows = torch.tensor([[300.0], [-300.0]], requires_grad=True)
    nats = token_loss.surprise(rows, torch.tensor([[1.0], [0.0]]), torch.tensor([1, 0]))
    nats.sum().backward()
    assert nats.tolist() == [300.0, 300.0] and rows.grad.tolist() == [[1.0], [-1.0]]
