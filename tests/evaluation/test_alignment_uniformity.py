from itertools import combinations
from math import exp, log

import pytest
import torch
from helpers.subjects import judged, protocol, values
from probeline.errors import NotApplicable
from probeline.evaluation.alignment_uniformity import alignment, uniformity


def sphere(n, dim=3, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_identical_views_are_aligned_and_opposite_ones_are_not():
    a = sphere(20)
    assert alignment(a, 7 * a) == pytest.approx(0, abs=1e-12)
    assert alignment(a, -a) == pytest.approx(4)
    assert alignment(a, -a, alpha=1) == pytest.approx(2)


def test_alignment_is_twice_one_minus_the_cosine():
    a, b = sphere(20, seed=0), sphere(20, seed=1)
    assert alignment(a, b) == pytest.approx(float((2 - 2 * torch.cosine_similarity(a, b)).mean()))


def test_uniformity_of_a_square_by_hand():
    """Four sides of squared length 2, two diagonals of 4."""
    square = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    assert uniformity(square) == pytest.approx(log((4 * exp(-4) + 2 * exp(-8)) / 6))


@pytest.mark.parametrize("t", [1.0, 2.0])
def test_uniformity_is_the_papers_sum_over_pairs(t):
    x = torch.nn.functional.normalize(sphere(30), dim=1)
    pairs = [exp(-t * float((a - b).square().sum())) for a, b in combinations(x, 2)]
    assert uniformity(5 * x, t) == pytest.approx(log(sum(pairs) / len(pairs)))


def test_uniformity_in_blocks_is_uniformity(monkeypatch):
    whole = uniformity(sphere(100))
    monkeypatch.setattr("probeline.evaluation.alignment_uniformity.BLOCK", 7)
    assert uniformity(sphere(100)) == pytest.approx(whole, rel=1e-12)


def test_one_point_for_all_is_the_least_uniform():
    assert uniformity(torch.ones(10, 4)) == pytest.approx(0, abs=1e-12)


def test_without_views_uniformity_is_said_before_the_refusal(tmp_path):
    results = {}
    with pytest.raises(NotApplicable, match="two views"):
        for item in protocol("alignment_uniformity").evaluate(judged("rotation"), tmp_path):
            results |= values([item])
    assert set(results) == {"samples", "uniformity/h"}


def test_views_without_augmentation_are_identical(tmp_path):
    data = judged("simclr", augment=[{"name": "flip", "p": 0.0}])
    results = values(protocol("alignment_uniformity").evaluate(data, tmp_path))
    assert results["alignment/h"] == pytest.approx(0, abs=1e-9)
    assert results["alignment/z"] == pytest.approx(0, abs=1e-9)
    assert results["samples"] == 24
