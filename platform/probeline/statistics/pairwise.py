"""All pairs of many cells at once: which beat which after Holm's correction, with the numbers of `multiplicity.ranks`.

That compares pair by pair, which takes a minute for 1,000 cells; here a row of pairs is one array.
"""

from collections.abc import Sequence

import numpy as np
from scipy import special

from probeline.statistics.differences import Scores
from probeline.statistics.intervals import LEVEL, RESOLUTION


def wins(cells: Sequence[Scores], higher_is_better: bool = True) -> np.ndarray:
    """bool [N, N]: whether the row's cell beats the column's, seed by seed, at 5% after Holm's correction."""
    n = len(cells)
    values, variances, fixed = _arrays(cells)
    means, p, exact = (np.full((n, n), np.nan) for _ in range(3))
    for i in range(n - 1):
        means[i, i + 1 :], p[i, i + 1 :], exact[i, i + 1 :] = _row(values, variances, fixed, i)
    claimed = _holm(p) | (exact == 1)
    ahead = claimed & (means > 0 if higher_is_better else means < 0)
    behind = claimed & (means < 0 if higher_is_better else means > 0)
    return ahead | behind.T


def ranks(beats: np.ndarray) -> list[tuple[int, int]]:
    """Best and worst rank that the wins [N, N] allow each cell."""
    best, worst = 1 + beats.sum(0), len(beats) - beats.sum(1)
    return [(int(first), int(last)) for first, last in zip(best, worst, strict=True)]


def layers(beats: np.ndarray) -> list[list[int]]:
    """Groups of which no member beats another: those that nothing beats, then of the others likewise, and so on.

    A cell with few or scattered seeds, which nothing beats, stands with the best, whatever its mean.
    """
    groups, rest = list[list[int]](), list(range(len(beats)))
    while rest:
        unbeaten = [cell for cell in rest if not beats[rest, cell].any()] or rest
        groups.append(unbeaten)
        rest = [cell for cell in rest if cell not in set(unbeaten)]
    return groups


def _arrays(cells: Sequence[Scores]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """values [N, S] with NaN where a seed has not finished; variance of one value, NaN where unknown; deterministic."""
    seeds = {seed: at for at, seed in enumerate(sorted({seed for cell in cells for seed in cell.values}))}
    values = np.full((len(cells), max(1, len(seeds))), np.nan)
    for row, cell in enumerate(cells):
        values[row, [seeds[seed] for seed in cell.values]] = list(cell.values.values())
    variances = [np.nan if cell.measurement.variance is None else cell.measurement.variance for cell in cells]
    return values, np.asarray(variances, float), np.asarray([cell.measurement.deterministic for cell in cells])


def _row(
    values: np.ndarray, variances: np.ndarray, fixed: np.ndarray, i: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell i less each later one: mean differences, p-values (NaN: nothing to test), and 1 where nothing is random."""
    others = values[i + 1 :]
    gaps = values[i] - others
    paired = ~np.isnan(gaps)
    n = paired.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, np.nansum(gaps, axis=1) / n, np.nan)
        deviation = np.sqrt(np.nansum((gaps - mean[:, None]) ** 2, axis=1) / (n - 1))
        size = np.fmax.reduce(np.where(paired, np.fmax(abs(values[i]), abs(others)), 0.0), axis=1)
        deviation = np.where((n > 1) & (deviation > RESOLUTION * size), deviation, 0.0)
        own = [np.where(fixed[at], variances[at], variances[at] / n) for at in (i, slice(i + 1, None))]
        error = np.sqrt(np.nansum(np.broadcast_arrays(*own), axis=0))
        by_seeds = 2 * special.stdtr(np.maximum(n - 1, 1), -abs(mean) / (deviation / np.sqrt(n)))
        by_test_set = 2 * special.ndtr(-abs(mean) / error)
    p = np.fmax(np.where(deviation > 0, by_seeds, 0.0), np.where(error > 0, by_test_set, 0.0))
    p = np.where((deviation == 0) & (error == 0), 1.0, p)
    exact = fixed[i] & fixed[i + 1 :] & (n > 1) & (deviation == 0) & (error == 0)
    return mean, np.where((n < 2) | exact, np.nan, p), exact.astype(float)


def _holm(p: np.ndarray) -> np.ndarray:
    """Whether each adjusted p-value is below 5%; NaN is no member of the family."""
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")[: int((~np.isnan(flat)).sum())]
    factors = np.arange(len(order), 0, -1)
    adjusted = np.maximum.accumulate(np.minimum(1.0, factors * flat[order])) if len(order) else flat[order]
    claimed = np.zeros(flat.shape, bool)
    claimed[order] = adjusted < 1 - LEVEL
    return claimed.reshape(p.shape)
