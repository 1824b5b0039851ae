"""ITML: the metric nearest to Euclid's in LogDet divergence under which similar pairs are near and others far.

J. Davis, B. Kulis, P. Jain, S. Sra, I. Dhillon, "Information-Theoretic Metric Learning", ICML 2007, algorithm 1.
"""

import numpy as np

TOLERANCE = 1e-3
"""The change of the multipliers in a sweep, as a share of their norms, at which the sweeps end."""


def itml(
    differences: np.ndarray,
    same: np.ndarray,
    bounds: tuple[float, float],
    slack: float = 1.0,
    sweeps: int = 1000,
) -> np.ndarray:
    """The matrix A [D, D], by cyclic Bregman projections, one rank-one step a constraint, from the identity.

    The step is gamma / (gamma + 1) (1/p - 1/xi), at which the distance p meets its slack variable xi; the paper prints
    1/2 (1/p - gamma/xi), which is the same for gamma = 1 only.

    Args:
        differences: [P, D] of the pairs; those that are 0 say nothing and are passed over.
        same: bool [P], similar pairs.
        bounds: largest squared distance of similar pairs (u), smallest one of dissimilar pairs (l).
        slack: gamma, the weight of meeting the bounds against staying near the identity.
        sweeps: over all constraints at most; they end where one moves the multipliers by less than TOLERANCE.
    """
    used = (differences**2).sum(1) > 0
    differences, sign = differences[used], np.where(same[used], 1.0, -1.0)
    target = np.where(sign > 0, *bounds).astype(np.float64)
    weight = slack / (slack + 1)
    metric, multipliers = np.eye(differences.shape[1]), np.zeros(len(differences))
    for _ in range(sweeps):
        before = multipliers.copy()
        for row, difference in enumerate(differences):
            moved = metric @ difference
            length = difference @ moved
            step = min(multipliers[row], sign[row] * weight * (1 / length - 1 / target[row]))
            factor = sign[row] * step / (1 - sign[row] * step * length)
            target[row] *= slack / (slack + sign[row] * step * target[row])
            multipliers[row] -= step
            metric += factor * np.outer(moved, moved)
        moved_by = np.linalg.norm(multipliers - before)
        if moved_by <= TOLERANCE * (np.linalg.norm(multipliers) + np.linalg.norm(before)):
            break
    return (metric + metric.T) / 2


def distance_bounds(x: np.ndarray, share: float = 0.05, pairs: int = 20_000) -> tuple[float, float]:
    """The `share` and 1 - `share` quantiles of squared distances between rows of x [N, D] (section 5).

    Of at most `pairs` pairs, the same for the same N.
    """
    random = np.random.Generator(np.random.PCG64(0))
    first, step = random.integers(len(x), size=pairs), random.integers(1, max(2, len(x)), size=pairs)
    squares = ((x[first] - x[(first + step) % len(x)]) ** 2).sum(1)
    low, high = np.quantile(squares[squares > 0], [share, 1 - share]) if bool((squares > 0).any()) else (1.0, 1.0)
    return float(low), float(high)
