"""MMC: must-link pairs close, cannot-link pairs apart, by a convex problem with one optimum.

E. Xing, A. Ng, M. Jordan, S. Russell, "Distance metric learning, with application to clustering with
side-information", NIPS 2002. Both solvers take differences of pairs, so that any pair list will do.
"""

import numpy as np

from probeline.models.metric_learning.matrices import squared_lengths, whitening, with_ridge

SMALLEST = 1e-12
"""Added to a squared length before its root is taken, where the gradient would be infinite."""


def mmc_diagonal(must: np.ndarray, cannot: np.ndarray, iterations: int = 200, tolerance: float = 1e-12) -> np.ndarray:
    """The weights a [D] >= 0 that minimise sum_S d^T diag(a) d - log sum_D |d|_a (section 2.1), by Newton's method.

    Steps are projected on a >= 0: a weight at 0 whose gradient points outwards stays out of the Newton step.

    Args:
        must: [S, D] differences of must-link pairs. cannot: [P, D] of cannot-link pairs.
        tolerance: of the Newton decrement, at which the iterations end.

    Raises:
        ValueError: a feature varies in no must-link pair but in a cannot-link pair: its weight would be infinite.
    """
    variation, between = (must**2).sum(0), cannot**2
    constant = variation <= SMALLEST * variation.max()
    if bool((constant & (between.sum(0) > 0)).any()):
        raise ValueError("a feature does not vary within the must-link pairs; its weight would be infinite")
    scale = np.where(constant, np.inf, variation)
    within, between = 1.0 - constant, between / scale
    weights = np.ones(len(within))
    for _ in range(iterations):
        value, gradient, hessian = _diagonal_terms(weights, within, between)
        free = (weights > 0) | (gradient < 0)
        step = np.zeros_like(weights)
        damped = hessian[np.ix_(free, free)] + SMALLEST * np.eye(int(free.sum()))
        step[free] = -np.linalg.solve(damped, gradient[free])
        if -gradient @ step < tolerance:
            break
        weights = _armijo(weights, step, value, gradient, (within, between))
    return weights / scale


def _diagonal_terms(a: np.ndarray, within: np.ndarray, between: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Value, gradient [D] and Hessian [D, D] of the objective."""
    lengths = np.sqrt(between @ a + SMALLEST)
    total = lengths.sum()
    slope = (between / lengths[:, None]).sum(0) / 2
    curvature = -(between / lengths[:, None] ** 3).T @ between / 4
    hessian = np.outer(slope, slope) / total**2 - curvature / total
    return float(within @ a - np.log(total)), within - slope / total, hessian


def _armijo(
    a: np.ndarray, step: np.ndarray, value: float, gradient: np.ndarray, terms: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """The first of a + step, a + step / 2, ..., clipped at 0, that lowers the objective enough."""
    within, between = terms
    for halvings in range(60):
        moved = (a + step / 2**halvings).clip(0)
        lower = within @ moved - np.log(np.sqrt(between @ moved + SMALLEST).sum())
        if lower <= value + 1e-4 * gradient @ (moved - a):
            return moved
    return a


def mmc_full(
    must: np.ndarray, cannot: np.ndarray, ridge: float = 1e-3, iterations: int = 2000, tolerance: float = 1e-4
) -> np.ndarray:
    """The matrix A [D, D] that maximises sum_D |d|_A with sum_S |d|_A^2 <= 1 and A >= 0 (eq. 6 to 8).

    The paper ascends the gradient and projects by turns on the half-space and on the cone. In coordinates in which the
    must-link scatter is the identity both constraints together are {B >= 0, trace B <= 1}, on which one projection is
    exact: eigenvalues go to the simplex. The optimum is the same, and the gap to it is known at each step.

    Args:
        must: [S, D] differences of must-link pairs. cannot: [P, D] of cannot-link pairs.
        ridge: share by which the variances of must-link differences are raised, without which a direction in which no
            must-link pair differs would be stretched without bound.
        tolerance: gap to the optimum, as a share of the value, at which the iterations end.
    """
    white = whitening(with_ridge(must.T @ must, ridge))
    apart = cannot @ white.T
    metric, rate = np.eye(len(white)) / len(white), 1.0
    value, gradient = _spread(metric, apart)
    for _ in range(iterations):
        gap = np.linalg.eigvalsh(gradient)[-1] - (gradient * metric).sum()
        if gap <= tolerance * value:
            break
        while True:
            moved = _on_spectraplex(metric + rate * gradient / np.linalg.norm(gradient))
            higher, its_gradient = _spread(moved, apart)
            if higher > value or rate < 1e-12:
                break
            rate /= 2
        metric, value, gradient, rate = moved, higher, its_gradient, rate * 1.5
    return white.T @ metric @ white


def _spread(metric: np.ndarray, apart: np.ndarray) -> tuple[float, np.ndarray]:
    """sum_D |d|_A and its gradient [D, D]."""
    lengths = np.sqrt(squared_lengths(apart, metric) + SMALLEST)
    return float(lengths.sum()), (apart / lengths[:, None]).T @ apart / 2


def _on_spectraplex(matrix: np.ndarray) -> np.ndarray:
    """The nearest positive semidefinite matrix of trace 1: eigenvalues are projected on the simplex."""
    values, vectors = np.linalg.eigh(matrix)
    descending = values[::-1]
    excess = (descending.cumsum() - 1) / np.arange(1, len(values) + 1)
    threshold = excess[np.flatnonzero(descending > excess)[-1]]
    return (vectors * (values - threshold).clip(0)) @ vectors.T
