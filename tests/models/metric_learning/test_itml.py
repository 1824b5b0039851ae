import numpy as np
import pytest
from probeline.models.metric_learning.itml import distance_bounds, itml
from probeline.models.metric_learning.matrices import squared_lengths
from scipy.stats import special_ortho_group


def test_one_pair_by_hand():
    # With a large slack weight the bound is met by a rank-one change along the pair alone.
    metric = itml(np.array([[2.0, 0.0]]), np.array([True]), (1.0, 9.0), slack=1e9)
    np.testing.assert_allclose(metric, np.diag([0.25, 1.0]), atol=1e-6)


def test_bounds_that_can_be_met_are_met():
    differences = np.array([[2.0, 0.1, 0.0], [1.5, 0.0, 0.1], [0.1, 0.5, 0.0], [0.0, 0.4, 0.5]])
    same = np.array([True, True, False, False])
    metric = itml(differences, same, (1.0, 1.5), slack=1e6, sweeps=5000)
    lengths = squared_lengths(differences, metric)
    assert lengths[same].max() <= 1.0 + 1e-3 and lengths[~same].min() >= 1.5 - 1e-3
    assert np.linalg.eigvalsh(metric)[0] > 0


def test_pairs_within_their_bounds_leave_the_identity():
    metric = itml(np.array([[0.5, 0.0], [3.0, 0.0]]), np.array([True, False]), (1.0, 4.0))
    np.testing.assert_array_equal(metric, np.eye(2))


def test_a_rotation_of_the_data_rotates_the_metric():
    random = np.random.default_rng(0)
    differences, same, rotation = random.normal(size=(20, 3)), random.random(20) < 0.5, special_ortho_group(3, 1).rvs()
    plain, rotated = (itml(each, same, (0.5, 4.0)) for each in (differences, differences @ rotation.T))
    np.testing.assert_allclose(rotation.T @ rotated @ rotation, plain, atol=1e-8)


def test_pairs_of_equal_samples_are_passed_over():
    metric = itml(np.zeros((2, 2)), np.array([True, False]), (1.0, 2.0))
    np.testing.assert_array_equal(metric, np.eye(2))


def test_bounds_are_quantiles_of_squared_distances_and_the_same_each_time():
    x = np.random.default_rng(0).normal(size=(500, 2))
    low, high = distance_bounds(x)
    assert (low, high) == distance_bounds(x)
    # |x - y|^2 / 2 of normal samples is chi-square with 2 degrees of freedom: quantiles -2 log(1 - q).
    assert (low, high) == pytest.approx((-4 * np.log(0.95), -4 * np.log(0.05)), rel=0.1)


def test_samples_that_are_all_equal_have_bounds_all_the_same():
    assert distance_bounds(np.ones((4, 2))) == (1.0, 1.0)
