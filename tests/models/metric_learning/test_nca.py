import numpy as np
from probeline.models.metric_learning.nca import expected_accuracy, nca
from scipy.optimize import check_grad
from sklearn.datasets import load_iris
from sklearn.neighbors import NeighborhoodComponentsAnalysis


def iris() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, labels = load_iris(return_X_y=True)
    return (x - x.mean(0)) / x.std(0), labels, labels[:, None] == labels[None]


def test_value_and_gradient_are_those_of_scikit_learn():
    x, _, same = iris()
    start = np.random.default_rng(0).normal(size=(2, 4))
    oracle = NeighborhoodComponentsAnalysis(n_components=2)
    oracle.n_iter_ = 0
    value, gradient = oracle._loss_grad_lbfgs(start.ravel(), x, same, -1.0)
    ours, our_gradient = expected_accuracy(start, x, same)
    np.testing.assert_allclose(ours, -value, rtol=1e-10)
    np.testing.assert_allclose(our_gradient.ravel(), -gradient, rtol=1e-8, atol=1e-8)


def test_the_optimum_is_at_least_that_of_scikit_learn():
    x, labels, same = iris()
    theirs = NeighborhoodComponentsAnalysis(2, init=np.eye(2, 4), max_iter=100, tol=1e-7).fit(x, labels).components_
    ours = nca(x, labels, np.eye(2, 4), 100)
    assert expected_accuracy(ours, x, same)[0] >= expected_accuracy(theirs, x, same)[0] - 0.1


def test_two_pairs_by_hand():
    # Samples 0 and 1 of a class, 2 of another, on a line: p_0 = e^-1 / (e^-1 + e^-9), p_1 = e^-1 / (e^-1 + e^-4).
    x, labels = np.array([[0.0], [1.0], [3.0]]), np.array([0, 0, 1])
    expected = 1 / (1 + np.exp(-8)) + 1 / (1 + np.exp(-3))
    np.testing.assert_allclose(expected_accuracy(np.eye(1), x, labels[:, None] == labels)[0], expected)


def test_the_gradient_agrees_with_finite_differences():
    random = np.random.default_rng(0)
    x, labels = random.normal(size=(12, 3)), random.integers(3, size=12)
    same = labels[:, None] == labels[None]
    error = check_grad(
        lambda flat: expected_accuracy(flat.reshape(2, 3), x, same)[0],
        lambda flat: expected_accuracy(flat.reshape(2, 3), x, same)[1].ravel(),
        random.normal(size=6),
    )
    assert error < 1e-5


def test_far_samples_overflow_nothing():
    x, labels = np.array([[0.0], [1e4], [2e4], [3e4]]), np.array([0, 0, 1, 1])
    value, gradient = expected_accuracy(np.eye(1), x, labels[:, None] == labels[None])
    assert np.isfinite(value) and np.isfinite(gradient).all()
