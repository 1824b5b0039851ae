import pytest
import torch
from helpers.written_out import distances, mean_hinge, triplets
from probeline.losses import triplet

LABELS = torch.tensor([0, 1, 0, 2, 1, 0, 2, -1, 1, -1])
BOTH = pytest.mark.parametrize("squared", [True, False])


def samples(n=10, d=4, seed=0, dtype=torch.float64):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype).requires_grad_()


def test_three_points_on_a_line_give_the_value_worked_out_by_hand():
    z, labels = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([0, 0, 1])
    # d(0, 1) = 1; anchor 0: 1 - 3 + m, anchor 1: 1 - 2 + m.
    assert triplet(z, labels, 2.5, squared=False, normalise=False).item() == pytest.approx((0.5 + 1.5) / 2)
    assert triplet(z, labels, 1.5, squared=False, normalise=False).item() == pytest.approx(0.5)
    assert triplet(z, labels, 1.5, squared=False, normalise=False, over="all").item() == pytest.approx(0.25)
    assert triplet(z, labels, 4.0, squared=True, normalise=False).item() == pytest.approx(1.0)  # 1 - 9 + 4, 1 - 4 + 4


@BOTH
@pytest.mark.parametrize("over", ["active", "all"])
@pytest.mark.parametrize("normalise", [True, False])
def test_all_triplets_are_those_of_a_list_in_value_and_gradient(squared, over, normalise):
    z = samples()
    written = mean_hinge(distances(z, squared, normalise), triplets(LABELS), 0.7, over)
    expected = torch.autograd.grad(written, z)
    for rows in (None, 1, 3):
        value = triplet(z, LABELS, 0.7, squared, "all", over, normalise, rows)
        torch.testing.assert_close(value, written)
        torch.testing.assert_close(torch.autograd.grad(value, z), expected)


@BOTH
def test_semi_hard_negatives_are_further_than_the_positive_and_within_the_margin(squared):
    z = samples()
    d = distances(z, squared, True)
    chosen = [(a, p, n) for a, p, n in triplets(LABELS) if d[a, p] < d[a, n] < d[a, p] + 0.5]
    assert 0 < len(chosen) < len(triplets(LABELS))
    written = mean_hinge(d, chosen, 0.5, "active")
    value = triplet(z, LABELS, 0.5, squared, "semi_hard", block_rows=3)
    torch.testing.assert_close(value, written)
    torch.testing.assert_close(torch.autograd.grad(value, z), torch.autograd.grad(written, z))


def test_hard_takes_the_furthest_positive_and_the_nearest_negative_of_each_anchor():
    z = samples()
    d, listed = distances(z, False, True), triplets(LABELS)
    anchors = sorted({a for a, _, _ in listed})
    chosen = [max((t for t in listed if t[0] == a), key=lambda t: (d[a, t[1]] - d[a, t[2]]).item()) for a in anchors]
    written = mean_hinge(d, chosen, 0.3, "all")
    value = triplet(z, LABELS, 0.3, False, "hard", "all", block_rows=4)
    torch.testing.assert_close(value, written)
    torch.testing.assert_close(torch.autograd.grad(value, z), torch.autograd.grad(written, z))


@BOTH
def test_distance_weighted_is_the_expectation_over_the_papers_draw(squared):
    z = samples(d=6)
    plain, d = distances(z, False, True), distances(z, squared, True)
    terms, mass = [], []
    for a, p in sorted({(a, p) for a, p, _ in triplets(LABELS)}):
        negatives = torch.tensor([n for b, q, n in triplets(LABELS) if (b, q) == (a, p) and plain[a, n] < 1.4])
        near = plain[a, negatives].detach().clamp(min=0.5)
        q = near**4 * (1 - near**2 / 4) ** 1.5  # the density of distances on the sphere in 6 dimensions
        weight = (1 / q) / (1 / q).sum()
        hinge = (d[a, p] - d[a, negatives] + 0.4).clamp(min=0)
        terms.append((weight * hinge).sum())
        mass.append(float(weight[hinge > 0].sum()))
    written = torch.stack(terms).sum() / sum(mass)
    value = triplet(z, LABELS, 0.4, squared, "distance_weighted", block_rows=3)
    torch.testing.assert_close(value, written)
    torch.testing.assert_close(torch.autograd.grad(value, z), torch.autograd.grad(written, z))


@pytest.mark.parametrize("mining", ["all", "hard", "semi_hard", "distance_weighted"])
@pytest.mark.parametrize("labels", [torch.zeros(6, dtype=torch.int64), torch.arange(6), torch.full((6,), -1)])
def test_without_a_triplet_the_loss_and_its_gradient_are_0(mining, labels):
    z = samples(6)
    value = triplet(z, labels, mining=mining)
    assert value == 0
    assert torch.autograd.grad(value, z)[0].abs().sum() == 0


def test_turning_and_moving_all_samples_changes_nothing():
    z = samples(12)
    turn, _ = torch.linalg.qr(samples(4, 4, seed=1).detach())
    labels = torch.arange(12) // 3
    for mining in ("all", "hard", "semi_hard"):
        value = triplet(z, labels, 1.0, mining=mining, normalise=False)
        torch.testing.assert_close(triplet(z @ turn + 5.0, labels, 1.0, mining=mining, normalise=False), value)


def test_classes_far_apart_have_no_loss():
    z = torch.eye(4).repeat_interleave(3, 0) + 0.01 * samples(12, dtype=torch.float32)
    assert triplet(z, torch.arange(12) // 3, 0.2) == 0


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("mining", ["all", "semi_hard", "hard"])
def test_it_agrees_with_pytorch_metric_learning(mining, power):
    pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    from pytorch_metric_learning import distances, losses, miners

    z, labels = samples(64, 32, dtype=torch.float32), torch.arange(64) % 11
    distance = distances.LpDistance(power=power)
    miner = {
        "all": None,
        "semi_hard": miners.TripletMarginMiner(0.2, "semihard", distance=distance),
        "hard": miners.BatchHardMiner(distance=distance),
    }[mining]
    mined = None if miner is None else miner(z, labels)
    theirs = losses.TripletMarginLoss(0.2, distance=distance)(z, labels, mined)
    ours = triplet(z, labels, 0.2, power == 2, mining)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    gradients = (torch.autograd.grad(value, z) for value in (ours, theirs))
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=0)


def test_distance_weighted_is_the_mean_of_pytorch_metric_learnings_draws():
    pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    from pytorch_metric_learning import miners

    # 4 classes of 2: each anchor has one positive, so that draws of negatives are all there is.
    z, labels = samples(8, 6, seed=3).detach(), torch.arange(8) // 2
    d, miner = distances(z, False, True), miners.DistanceWeightedMiner()
    torch.manual_seed(0)
    mined = [torch.stack(miner(z, labels)) for _ in range(400)]
    a, p, n = torch.cat(mined, dim=1)
    theirs = (d[a, p] - d[a, n] + 2.0).mean()  # a margin at which every triplet counts
    ours = triplet(z, labels, 2.0, False, "distance_weighted")
    torch.testing.assert_close(ours, theirs, atol=0.02, rtol=0)


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="distance_weighted needs normalise: true"):
        triplet(samples(), LABELS, mining="distance_weighted", normalise=False)
    with pytest.raises(ValueError, match="block_rows is 0"):
        triplet(samples(), LABELS, block_rows=0)
