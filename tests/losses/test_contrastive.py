import pytest
import torch
from probeline.losses import contrastive

ZA = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0], [1.0, 0.0]])
ZB = torch.tensor([[3.0, 4.0], [3.0, 4.0], [0.0, 3.0], [1.0, 9.0]])
SAME = torch.tensor([True, True, False, False])  # distances 5, 0, 3, 9


def test_four_pairs_give_the_value_worked_out_by_hand():
    assert contrastive(ZA, ZB, SAME, margin=4.0).item() == pytest.approx((25 + 0 + 1 + 0) / 8)
    assert contrastive(ZA, ZB, SAME, margin=4.0, form="squared_margin").item() == pytest.approx((25 + 7) / 8)
    # Unit vectors: the zero vectors stay, so the first pair is 1 apart, the third 1.
    unit = contrastive(ZA, ZB, SAME, margin=2.0, normalise=True).item()
    assert unit == pytest.approx((1 + 0 + 1 + (2 - (2 - 2 / 82**0.5) ** 0.5) ** 2) / 8)


@pytest.mark.parametrize("form", ["margin_squared", "squared_margin"])
def test_moving_both_samples_changes_nothing(form):
    torch.testing.assert_close(contrastive(ZA + 7, ZB + 7, SAME, 4.0, form), contrastive(ZA, ZB, SAME, 4.0, form))


def test_unequal_pairs_beyond_the_margin_have_no_gradient():
    za = ZA.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(contrastive(za, ZB, SAME, margin=4.0), za)
    torch.testing.assert_close(gradient[0], -ZB[0] / 4)  # towards its partner, by the distance
    torch.testing.assert_close(gradient[2], torch.tensor([0.0, 1.0]) / 4)  # away, by m - D
    assert gradient[[1, 3]].abs().sum() == 0


@pytest.mark.parametrize("form", ["margin_squared", "squared_margin"])
def test_it_agrees_with_pytorch_metric_learning(form):
    pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    from pytorch_metric_learning import distances, losses, reducers

    power = 1 if form == "margin_squared" else 2
    za, zb = torch.randn(2, 12, 5, generator=torch.Generator().manual_seed(0))
    distance = distances.LpDistance(normalize_embeddings=False, power=power)
    library = losses.ContrastiveLoss(0, 9.0, distance=distance, reducer=reducers.DoNothingReducer())
    rows, same = torch.arange(12), torch.arange(12) % 2 == 0
    pairs = (rows[same], rows[same] + 12, rows[~same], rows[~same] + 12)
    terms = library(torch.cat([za, zb]), torch.arange(24), pairs)
    attraction, repulsion = terms["pos_loss"]["losses"], terms["neg_loss"]["losses"]
    squares = [attraction**2, repulsion**2] if power == 1 else [attraction, repulsion]
    ours = contrastive(za, zb, same, margin=9.0 ** (1 / power), form=form)
    torch.testing.assert_close(ours, torch.cat(squares).mean() / 2, atol=1e-5, rtol=1e-6)


def test_what_is_no_list_of_pairs_is_refused():
    with pytest.raises(ValueError, match="same is bool"):
        contrastive(ZA, ZB, SAME.long())
    with pytest.raises(ValueError, match="same is bool"):
        contrastive(ZA, ZB, SAME[:3])
