import pytest
import torch
from helpers.two_views import triplets, views
from probeline.losses import _blockwise, margin_triplet


def test_two_orthogonal_pairs_give_the_value_worked_out_by_hand():
    za = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # Positives 1, negatives 0: max(0 - 1 + m, 0).
    assert margin_triplet(za, za, 0.8).item() == 0.0
    assert margin_triplet(za, za, 1.6).item() == pytest.approx(0.6)
    # Exchanged, positives 0; of each anchor's two negatives one is at 1, one at 0: (1.8 + 0.8) / 2.
    assert margin_triplet(za, za.flip(0), 0.8).item() == pytest.approx(1.3)


@pytest.mark.parametrize("negatives", ["both", "one"])
def test_it_equals_the_loss_of_table_2_written_out(negatives):
    za, zb = views()
    terms = [
        sum(max(s - positive + 0.4, 0) for s in others) / len(others)
        for positive, others in triplets(za, zb, negatives)
    ]
    assert margin_triplet(za, zb, 0.4, negatives=negatives).item() == pytest.approx(sum(terms) / 12, rel=1e-12)


@pytest.mark.parametrize("rows", [1, 5, 12])
@pytest.mark.parametrize("negatives", ["both", "one"])
def test_semi_hard_takes_the_closest_negative_within_the_margin(negatives, rows, monkeypatch):
    za, zb = views(b=8)
    zb = za + 0.8 * zb
    found, outside = [], 0
    for positive, others in triplets(za, zb, negatives):
        semi_hard = [s for s in others if positive - 0.1 < s < positive]
        found += [max(semi_hard) - positive + 0.1] if semi_hard else []
        outside += not semi_hard
    assert 0 < len(found) < 16
    assert outside > 0
    monkeypatch.setattr(_blockwise, "block_size", lambda *_: rows)
    value = margin_triplet(za, zb, 0.1, "semi_hard", negatives)
    assert value.item() == pytest.approx(sum(found) / len(found), rel=1e-12)


def test_an_easy_triplet_adds_no_gradient():
    za = torch.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(margin_triplet(za, za.detach(), 0.8), za)
    assert gradient.abs().sum() == 0


def test_in_blocks_value_and_gradient_are_those_of_all_at_once(monkeypatch):
    za, zb = (z.requires_grad_() for z in views())
    whole = margin_triplet(za, zb)
    expected = torch.autograd.grad(whole, (za, zb))
    monkeypatch.setattr(_blockwise, "block_size", lambda *_: 5)
    parts = margin_triplet(za, zb)
    torch.testing.assert_close(parts, whole, rtol=1e-12, atol=0)
    torch.testing.assert_close(torch.autograd.grad(parts, (za, zb)), expected, rtol=1e-9, atol=1e-14)


def test_it_agrees_with_pytorch_metric_learning():
    library = pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    from pytorch_metric_learning import distances, losses, reducers

    assert library
    za, zb = views(b=16, d=32, dtype=torch.float32)
    loss = losses.TripletMarginLoss(0.4, distance=distances.CosineSimilarity(), reducer=reducers.MeanReducer())
    theirs = loss(torch.cat([za, zb]), torch.arange(16).repeat(2))
    torch.testing.assert_close(margin_triplet(za, zb, 0.4), theirs, atol=1e-5, rtol=0)
