import numpy as np
import pytest
from probeline.models.metric_learning import matrices


def random_matrix(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_a_map_gives_the_distances_of_its_metric():
    root, x = random_matrix(0, 2, 4), random_matrix(1, 9, 4)
    metric = root.T @ root
    mapping = matrices.linear_map(metric)
    np.testing.assert_allclose(mapping.T @ mapping, metric, atol=1e-12)
    np.testing.assert_allclose(matrices.squared_lengths(x, metric), ((x @ mapping.T) ** 2).sum(1), atol=1e-12)


def test_a_metric_with_a_negative_eigenvalue_has_no_map():
    with pytest.raises(ValueError, match="not positive semidefinite"):
        matrices.linear_map(np.diag([1.0, -0.5]))


def test_clipping_by_hand():
    np.testing.assert_allclose(matrices.clipped(np.array([[0.0, 1.0], [1.0, 0.0]])), [[0.5, 0.5], [0.5, 0.5]])


def test_whitening_and_a_singular_matrix_that_has_none():
    scatter = matrices.with_ridge(random_matrix(0, 9, 3).T @ random_matrix(0, 9, 3), 0.1)
    scatter = np.diag([1e-6, 1.0, 1e6]) @ scatter @ np.diag([1e-6, 1.0, 1e6])
    white = matrices.whitening(scatter)
    np.testing.assert_allclose(white @ scatter @ white.T, np.eye(3), atol=1e-12)
    with pytest.raises(ValueError, match="singular; set a ridge"):
        matrices.whitening(np.diag([1.0, 0.0]))


def test_a_ridge_does_not_depend_on_units():
    scatter = random_matrix(0, 9, 3).T @ random_matrix(0, 9, 3)
    units = np.diag([1.0, 100.0, 0.1])
    np.testing.assert_allclose(
        matrices.with_ridge(units @ scatter @ units, 0.1), units @ matrices.with_ridge(scatter, 0.1) @ units
    )
    assert matrices.with_ridge(np.diag([2.0, 0.0]), 0.1).tolist() == [[2.2, 0], [0, 0.1]]


def test_a_weighted_scatter_is_the_sum_over_pairs():
    x, weights = random_matrix(0, 6, 3), random_matrix(1, 6, 6)
    difference = x[:, None] - x[None]
    expected = np.einsum("ij,ijk,ijl->kl", weights, difference, difference)
    np.testing.assert_allclose(matrices.weighted_scatter(x, weights), expected, atol=1e-12)


def test_squared_distances_are_never_negative():
    a = 1e6 + random_matrix(0, 5, 3)
    assert matrices.squared_distances(a, a).min() >= 0
    np.testing.assert_allclose(matrices.squared_distances(a - 1e6, a - 1e6)[0, 1], ((a[0] - a[1]) ** 2).sum())
