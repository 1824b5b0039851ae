import numpy as np
import pytest
from probeline.models.metric_learning.matrices import squared_lengths
from probeline.models.metric_learning.mmc import mmc_diagonal, mmc_full
from scipy.optimize import minimize


def pairs(seed: int = 0, dim: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Differences of must-link and cannot-link pairs, of more must-link spread in the last dimensions."""
    random = np.random.default_rng(seed)
    return random.normal(size=(30, dim)) * np.arange(1, dim + 1), random.normal(size=(40, dim)) * 2


def spread(cannot: np.ndarray, metric: np.ndarray) -> float:
    return float(np.sqrt(squared_lengths(cannot, metric)).sum())


def test_diagonal_weights_by_hand():
    # a1 - log(sqrt(a1)) is least at 1 / 2; the second feature only costs.
    weights = mmc_diagonal(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(weights, [0.5, 0.0], atol=1e-6)


def test_diagonal_weights_are_a_minimum_under_their_bounds():
    must, cannot = pairs()
    weights = mmc_diagonal(must, cannot)

    def objective(a: np.ndarray) -> float:
        return (must**2).sum(0) @ a - np.log(np.sqrt(cannot**2 @ a).sum())

    other = minimize(objective, np.ones(3), bounds=[(1e-12, None)] * 3, method="L-BFGS-B", tol=1e-14)
    assert objective(weights) <= other.fun + 1e-9 and weights.min() >= 0


def test_the_full_metric_is_the_optimum_of_the_papers_problem():
    must, cannot = pairs()
    metric = mmc_full(must, cannot, ridge=0.0, tolerance=1e-6)

    def loss(flat: np.ndarray) -> float:  # g / sqrt(f) is what scaling to f = 1 leaves of g
        root = flat.reshape(3, 3)
        return -spread(cannot, root.T @ root) / np.sqrt(((must @ root.T) ** 2).sum())

    other = min(minimize(loss, np.random.default_rng(seed).normal(size=9), tol=1e-12).fun for seed in range(4))
    assert squared_lengths(must, metric).sum() == pytest.approx(1)
    assert spread(cannot, metric) == pytest.approx(-other, rel=1e-5)


def test_the_full_metric_is_positive_semidefinite_and_beats_a_scaled_identity():
    must, cannot = pairs(1, 5)
    metric = mmc_full(must, cannot, ridge=0.0)
    assert np.linalg.eigvalsh(metric)[0] >= -1e-12
    assert spread(cannot, metric) > spread(cannot, np.eye(5) / squared_lengths(must, np.eye(5)).sum())


def test_distances_of_the_full_metric_do_not_change_with_a_linear_map_of_the_data():
    must, cannot = pairs()
    mapping = np.random.default_rng(5).normal(size=(3, 3))
    plain = mmc_full(must, cannot, ridge=0.0, tolerance=1e-8)
    mapped = mmc_full(must @ mapping.T, cannot @ mapping.T, ridge=0.0, tolerance=1e-8)
    ours, theirs = squared_lengths(cannot, plain), squared_lengths(cannot @ mapping.T, mapped)
    np.testing.assert_allclose(theirs, ours, rtol=1e-3)


def test_the_scale_of_a_feature_changes_no_diagonal_distance():
    must, cannot = pairs()
    scale = np.array([1.0, 100.0, 0.01])
    np.testing.assert_allclose(mmc_diagonal(must * scale, cannot * scale) * scale**2, mmc_diagonal(must, cannot), 1e-4)


def test_a_feature_without_must_link_differences_is_refused_or_needs_a_ridge():
    must, cannot = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[1.0, 1.0]])
    with pytest.raises(ValueError, match="does not vary within the must-link pairs"):
        mmc_diagonal(must, cannot)
    with pytest.raises(ValueError, match="singular"):
        mmc_full(must, cannot, ridge=0.0)
    assert np.isfinite(mmc_full(must, cannot)).all()
