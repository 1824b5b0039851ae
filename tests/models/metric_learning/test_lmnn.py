import numpy as np
import pytest
from probeline.models.metric_learning import matrices
from probeline.models.metric_learning.lmnn import lmnn, margin_loss, target_neighbours
from scipy.optimize import check_grad
from scipy.stats import special_ortho_group
from sklearn.neighbors import KNeighborsClassifier


def noisy(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes told apart by the first feature; the second one varies more and says nothing."""
    random = np.random.default_rng(seed)
    labels = np.arange(80) % 2
    return np.stack([labels + random.normal(0, 0.2, 80), random.normal(0, 30, 80)], 1), labels


def loss(x: np.ndarray, labels: np.ndarray, mapping: np.ndarray) -> float:
    return margin_loss(x @ mapping.T, labels, target_neighbours(x, labels, 3), 0.5)[0]


def test_the_loss_by_hand():
    # 0 and 1 of a class, 2 of another: pull 1 + 1; hinges 1 + 1 - 9 < 0 of sample 0, 1 + 1 - 4 < 0 of sample 1.
    z, labels = np.array([[0.0], [1.0], [3.0], [3.5]]), np.array([0, 0, 1, 1])
    targets = target_neighbours(z, labels, 1)
    assert targets.tolist() == [[1], [0], [3], [2]]
    assert margin_loss(z, labels, targets, 0.5)[0] == pytest.approx(0.5 * (1 + 1 + 0.25 + 0.25))
    near = np.array([[0.0], [1.0], [1.5], [1.5]])
    # Sample 1: 1 + 1 - 0.25 twice; samples 2 and 3: 1 + 0 - 0.25 of sample 1 each, 1 - 2.25 < 0 of sample 0; sample 0:
    # 1 + 1 - 2.25 < 0.
    assert margin_loss(near, labels, targets, 0.5)[0] == pytest.approx(0.5 * 2 + 0.5 * (2 * 1.75 + 2 * 0.75))


def test_the_gradient_agrees_with_finite_differences():
    random = np.random.default_rng(0)
    x, labels = random.normal(size=(12, 3)), np.arange(12) % 3
    targets = target_neighbours(x, labels, 2)

    def gradient(flat: np.ndarray) -> np.ndarray:
        mapping = flat.reshape(2, 3)
        return (2 * mapping @ matrices.weighted_scatter(x, margin_loss(x @ mapping.T, labels, targets, 0.5)[1])).ravel()

    def value(flat: np.ndarray) -> float:
        return margin_loss(x @ flat.reshape(2, 3).T, labels, targets, 0.5)[0]

    assert check_grad(value, gradient, random.normal(size=6)) < 1e-4


def test_neighbours_are_better_than_euclids():
    x, labels = noisy()
    mapping = lmnn(x, labels)
    test, truth = noisy(1)
    scores = [
        KNeighborsClassifier(3).fit(x @ each.T, labels).score(test @ each.T, truth) for each in (np.eye(2), mapping)
    ]
    assert scores[1] > scores[0] + 0.05
    assert loss(x, labels, mapping) < loss(x, labels, np.eye(2))


def test_no_other_start_has_a_better_optimum():
    x, labels = noisy()
    best = loss(x, labels, lmnn(x, labels))
    metric = lmnn(x, labels).T @ lmnn(x, labels)
    for seed in range(20):  # the problem is convex: no direction from an optimum leads down
        move = np.random.default_rng(seed).normal(0, 0.02, (2, 2))
        assert loss(x, labels, matrices.linear_map(matrices.clipped(metric + move + move.T))) >= best - 1e-3


def test_a_rotation_of_the_data_changes_no_distance():
    x, labels = noisy()
    rotation = special_ortho_group(2, 1).rvs()
    plain, rotated = lmnn(x, labels), lmnn(x @ rotation.T, labels) @ rotation
    np.testing.assert_allclose(loss(x, labels, rotated), loss(x, labels, plain), rtol=1e-3)


def test_a_class_of_one_sample_is_refused():
    with pytest.raises(ValueError, match="a class has one sample"):
        lmnn(np.eye(3), np.array([0, 0, 1]))
