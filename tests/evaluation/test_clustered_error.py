"""The standard error of clustered decisions, against formulas and against test sets drawn anew."""

import numpy as np
import pytest
import torch
from probeline.evaluation._clustered_error import clustered_error


def test_of_clusters_of_one_it_is_the_binomial_error() -> None:
    right = torch.arange(200) < 140
    assert clustered_error(right, torch.arange(200)) == pytest.approx((0.7 * 0.3 / 199) ** 0.5)


def test_of_equal_clusters_it_is_the_error_of_their_means() -> None:
    shares = np.array([0.2, 0.5, 0.9, 0.4])
    right = torch.from_numpy(np.arange(10) < (10 * shares)[:, None]).flatten()
    clusters = torch.arange(4).repeat_interleave(10)
    expected = shares.std(ddof=1) / 2
    assert clustered_error(right, clusters) == pytest.approx(expected)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    assert clustered_error(right[order], 7 * clusters[order]) == pytest.approx(expected)


def test_it_is_how_far_test_sets_of_clips_scatter() -> None:
    rng = np.random.default_rng(0)
    accuracies, errors = [], []
    for _ in range(300):
        sizes, share = rng.integers(20, 400, 85), rng.beta(8, 8, 85)
        right = torch.from_numpy(np.concatenate([rng.random(n) < p for n, p in zip(sizes, share, strict=True)]))
        accuracies.append(float(right.double().mean()))
        errors.append(clustered_error(right, torch.arange(85).repeat_interleave(torch.from_numpy(sizes))))
    assert np.mean(errors) == pytest.approx(np.std(accuracies), rel=0.15)


def test_one_cluster_has_no_error() -> None:
    assert clustered_error(torch.ones(9, dtype=torch.bool), torch.zeros(9, dtype=torch.int64)) is None
