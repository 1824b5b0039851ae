"""Positive semidefinite matrices of Mahalanobis distances: eigenvalues, maps, whitening."""

import numpy as np

RANK_TOLERANCE = 1e-10
"""Eigenvalues of a correlation matrix below this share of the largest one count as 0."""


def linear_map(metric: np.ndarray) -> np.ndarray:
    """L [D, D] with L^T L = metric [D, D], so that Euclidean distances of x L^T are those of the metric.

    Raises ValueError where the metric has a negative eigenvalue beyond rounding.
    """
    values, vectors = np.linalg.eigh((metric + metric.T) / 2)
    if values[0] < -1e-8 * max(abs(values[-1]), 1e-300):
        raise ValueError(f"the metric has the eigenvalue {values[0]:g}: it is not positive semidefinite")
    return np.sqrt(values.clip(0))[:, None] * vectors.T


def clipped(metric: np.ndarray) -> np.ndarray:
    """The positive semidefinite matrix that is nearest in Frobenius norm: negative eigenvalues become 0."""
    values, vectors = np.linalg.eigh((metric + metric.T) / 2)
    return (vectors * values.clip(0)) @ vectors.T


def whitening(scatter: np.ndarray) -> np.ndarray:
    """W [D, D] with W scatter W^T = I. Raises ValueError where the matrix is singular, whatever the features' units."""
    units = np.sqrt(np.diag(scatter))
    safe = np.where(units > 0, units, 1.0)
    values, vectors = np.linalg.eigh(scatter / safe[:, None] / safe)
    if values[0] <= RANK_TOLERANCE * values[-1] or units.min() <= 0:
        raise ValueError(f"the scatter matrix [{len(values)}, {len(values)}] is singular; set a ridge")
    return (vectors / np.sqrt(values)) @ vectors.T / safe


def with_ridge(scatter: np.ndarray, ridge: float) -> np.ndarray:
    """The matrix with its diagonal times 1 + `ridge`, so that the unit of a feature changes nothing.

    A feature of variance 0 gets `ridge` times the mean one.
    """
    variances = np.diag(scatter)
    return scatter + ridge * np.diag(np.where(variances > 0, variances, variances.mean()))


def squared_lengths(differences: np.ndarray, metric: np.ndarray) -> np.ndarray:
    """d^T M d [P] of differences [P, D]."""
    return np.einsum("pi,ij,pj->p", differences, metric, differences, optimize=True)


def weighted_scatter(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """sum_ij w_ij (x_i - x_j)(x_i - x_j)^T [D, D] of x [N, D] and weights [N, N]."""
    both = weights + weights.T
    return (x * both.sum(1)[:, None]).T @ x - x.T @ both @ x


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[N, M] of rows a [N, D] and b [M, D], none below 0."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return squares.clip(0)
