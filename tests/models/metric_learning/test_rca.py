import numpy as np
import pytest
from probeline.models.metric_learning.rca import chunklets, rca

GROUPS = np.repeat([0, 1, 2, -1], 10)


def samples(seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(40, 3)) * [1, 2, 5] + 10 * GROUPS[:, None]


def within(z: np.ndarray) -> np.ndarray:
    centred = np.concatenate([z[rows] - z[rows].mean(0) for rows in (GROUPS == 0, GROUPS == 1, GROUPS == 2)])
    return centred.T @ centred / len(centred)


def test_the_covariance_within_chunklets_becomes_the_identity():
    x = samples()
    np.testing.assert_allclose(within(x @ rca(x, GROUPS, ridge=0.0).T), np.eye(3), atol=1e-10)


def test_distances_do_not_change_with_a_linear_map_of_the_data():
    x, mapping = samples(), np.random.default_rng(1).normal(size=(3, 3))
    plain, mapped = x @ rca(x, GROUPS, 0.0).T, x @ mapping.T @ rca(x @ mapping.T, GROUPS, 0.0).T
    distances = [np.linalg.norm(z[:, None] - z[None], axis=-1) for z in (plain, mapped)]
    np.testing.assert_allclose(*distances, atol=1e-8)


def test_one_chunklet_by_hand():
    np.testing.assert_allclose(rca(np.array([[0.0], [4.0], [90.0]]), np.array([0, 0, -1]), 0.0), [[0.5]])


def test_chunklets_of_one_sample_are_refused():
    with pytest.raises(ValueError, match="no chunklet has two samples"):
        rca(samples()[:3], np.array([0, 1, -1]))


def test_must_link_pairs_join_into_chunklets():
    assert chunklets(7, np.array([[0, 2], [2, 5], [1, 6]])).tolist() == [0, 1, 0, -1, -1, 0, 1]
    assert chunklets(3, np.array([[0, 1], [1, 2]])).tolist() == [0, 0, 0]
