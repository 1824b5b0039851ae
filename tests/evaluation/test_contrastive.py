from math import exp, log

import pytest
import torch
from helpers.subjects import dataset, judged, protocol, values
from probeline.evaluation.contrastive import own, scores
from probeline.losses import nt_xent
from torch.nn import functional as F


def views(n=30, dim=5, apart=1.0):
    """Normalised views of n samples, the second off the first by noise of std `apart`."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(n, dim, generator=generator, dtype=torch.float64)
    b = a + apart * torch.randn(n, dim, generator=generator, dtype=torch.float64)
    return F.normalize(a, dim=1), F.normalize(b, dim=1)


def test_accuracy_entropy_and_loss_by_brute_force():
    za, zb = views()
    hits, losses, entropies = [], [], []
    for anchors, candidates in ((za, zb), (zb, za)):
        for i, anchor in enumerate(anchors.tolist()):
            raw = [exp(sum(x * y for x, y in zip(anchor, other, strict=True)) / 0.5) for other in candidates.tolist()]
            chance = [value / sum(raw) for value in raw]
            hits.append(max(range(30), key=raw.__getitem__) == i)
            losses.append(-log(chance[i]))
            entropies.append(-sum(p * log(p) for p in chance))
    results = scores(za, zb, 0.5)
    assert 0.1 < results.accuracy < 0.9
    assert results.accuracy == pytest.approx(sum(hits) / 60)
    assert results.loss == pytest.approx(sum(losses) / 60)
    assert results.entropy == pytest.approx(sum(entropies) / 60)


def test_blocks_of_anchors_change_nothing(monkeypatch):
    whole = scores(*views(), 0.1)
    monkeypatch.setattr("probeline.evaluation.contrastive.BLOCK", 7)
    parts = scores(*views(), 0.1)
    assert (parts.loss, parts.entropy, parts.accuracy) == pytest.approx((whole.loss, whole.entropy, whole.accuracy))


def test_the_loss_is_nt_xents_with_negatives_of_one_side():
    za, zb = views()
    assert scores(za, zb, 0.2).loss == pytest.approx(float(nt_xent(za, zb, 0.2, negatives="one")))


@pytest.mark.parametrize("n", [2, 30, 1500])
def test_a_collapsed_method_is_at_chance_and_its_bound_at_zero(n):
    same = torch.ones(n, 4)
    results = scores(same, same, 0.1)
    assert results.accuracy == pytest.approx(1 / n)
    assert results.loss == pytest.approx(log(n), rel=1e-6)
    assert results.entropy == pytest.approx(log(n), rel=1e-6)


def test_a_perfect_method_reaches_the_ceiling_and_never_passes_it():
    results = scores(torch.eye(50), torch.eye(50), 0.01)
    assert results.accuracy == 1
    assert 0 <= results.loss < 1e-6
    assert 0 <= results.entropy < 1e-6


def test_views_that_share_nothing_are_near_chance(tmp_path):
    """An estimate of a mutual information of 0 is at most 0, but for noise."""
    generator = torch.Generator().manual_seed(0)
    za, zb = torch.randn(2, 2000, 8, generator=generator)
    results = scores(za, zb, 1.0)
    assert results.accuracy < 5 / 2000
    assert log(2000) - results.loss < 0.05


def test_it_says_how_many_candidates_there_were_and_what_is_possible(tmp_path):
    results = values(protocol("contrastive").evaluate(judged(), tmp_path))
    assert (results["candidates"], results["chance"]) == (24, 1 / 24)
    assert results["ceiling"] == log(24)
    assert results["bound"] == pytest.approx(results["ceiling"] - results["loss"])
    fewer = values(protocol("contrastive", candidates=7).evaluate(judged(), tmp_path))
    assert (fewer["candidates"], fewer["ceiling"]) == (7, log(7))


def test_temperature_is_the_methods_own_unless_one_is_given(tmp_path):
    method = judged("simclr", loss={"name": "nt_xent", "temperature": 0.07, "normalise": False}).subject.method
    assert (own(method, "temperature", 0.1), own(method, "normalise", True)) == (0.07, False)
    assert own(judged("rotation", dataset(3, 3, 3)).subject.method, "temperature", 0.1) == 0.1
    assert values(protocol("contrastive", temperature=0.3).evaluate(judged(), tmp_path))["temperature"] == 0.3
