import numpy as np
import pytest
from probeline.models.metric_learning.lfda import lfda, local_affinity
from probeline.models.metric_learning.matrices import with_ridge
from scipy.linalg import eigh
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis


def by_definition(x: np.ndarray, labels: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Local scatters between and within, pair by pair (eq. 11 to 14)."""
    between, within = np.zeros((2, x.shape[1], x.shape[1]))
    for i in range(len(x)):
        for j in range(len(x)):
            difference = np.outer(x[i] - x[j], x[i] - x[j]) / 2
            if labels[i] != labels[j]:
                between += difference / len(x)
                continue
            rows = np.flatnonzero(labels == labels[i])
            affinity = local_affinity(x[rows], neighbours)[np.flatnonzero(rows == i)[0], np.flatnonzero(rows == j)[0]]
            within += affinity / len(rows) * difference
            between += affinity * (1 / len(x) - 1 / len(rows)) * difference
    return between, within


def test_directions_are_those_of_the_definition():
    random = np.random.default_rng(0)
    x, labels = random.normal(size=(20, 3)), np.arange(20) % 3
    between, within = by_definition(x, labels, 2)
    values, vectors = eigh(between, with_ridge(within, 1e-6))
    mapping = lfda(x, labels, 2, neighbours=2)
    np.testing.assert_allclose(mapping.T @ mapping, (vectors[:, 1:] * values[1:]) @ vectors[:, 1:].T, rtol=1e-6)


def test_without_locality_the_direction_is_fishers():
    x, labels = load_iris(return_X_y=True)
    fisher = LinearDiscriminantAnalysis(solver="eigen").fit(x, labels).scalings_[:, 0]
    ours = lfda(x, labels, 1, neighbours=49)[0]
    cosine = abs(fisher @ ours) / np.linalg.norm(fisher) / np.linalg.norm(ours)
    assert cosine > 0.95


def test_a_scale_or_a_shift_of_the_data_changes_no_distance():
    x, labels = load_iris(return_X_y=True)
    plain = x @ lfda(x, labels, 2).T
    moved = (7 * x - 3) @ lfda(7 * x - 3, labels, 2).T
    distances = [np.linalg.norm(z[:40, None] - z[None, :40], axis=-1) for z in (plain, moved)]
    np.testing.assert_allclose(*distances, rtol=1e-6, atol=1e-6)


def test_a_class_of_two_clusters_stays_two_clusters():
    random = np.random.default_rng(0)
    centres = np.array([[-5.0, 0.0], [5.0, 0.0], [0.0, 0.0]])
    x = np.concatenate([centre + random.normal(0, 0.3, (30, 2)) for centre in centres])
    x[:, 1] *= 20
    labels = np.repeat([0, 0, 1], 30)
    direction = lfda(x, labels, 1)[0]
    assert abs(direction[0]) > 20 * abs(direction[1])


def test_affinity_by_hand():
    x = np.array([[0.0], [1.0], [3.0]])
    # Scales at the first neighbour: 1, 1 and 2.
    expected = [np.exp(-1), np.exp(-9 / 2), np.exp(-4 / 2)]
    assert local_affinity(x, 1)[[0, 0, 1], [1, 2, 2]] == pytest.approx(expected)


def test_equal_samples_have_affinity_one():
    assert local_affinity(np.zeros((3, 2)), 1).tolist() == np.ones((3, 3)).tolist()
