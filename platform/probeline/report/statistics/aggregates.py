"""Many runs as one number: mean, median, interquartile mean with stratified intervals, and performance profiles.

Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice" (arXiv 2108.13264). A
stratum is what runs are repeated in (a cell, a data set); resampling stays inside it, so no resample forgets one.
Percentile intervals need some tens of runs in all to hold what they say; `statistics.estimate` is for single cells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from probeline.report.statistics.intervals import LEVEL, SEED, Interval

RESAMPLES = 2_000
ENOUGH = 10  # runs below which a percentile interval is too narrow to be shown

Statistic = Callable[[np.ndarray], np.ndarray]
"""[..., N] -> [...]: along the last axis."""


@dataclass(frozen=True)
class Aggregate:
    """Of `n` runs in `strata` strata; an interval is None below ENOUGH runs or with a stratum of one run."""

    n: int
    strata: int
    mean: float
    median: float
    iqm: float
    mean_interval: Interval | None
    median_interval: Interval | None
    iqm_interval: Interval | None


def mean(values: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    return np.mean(values, axis=-1)


def median(values: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    return np.median(values, axis=-1)


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """The mean of the middle half, along the last axis: a quarter of the runs is cut at either end, rounded down."""
    ordered = np.sort(values, axis=-1)
    n = ordered.shape[-1]
    return np.mean(ordered[..., n // 4 : n - n // 4], axis=-1)


def aggregate(runs: Mapping[object, Sequence[float]]) -> Aggregate:
    """Pool the strata's runs. Raises ValueError where there is none, or one is not finite."""
    pooled, statistics = _pooled(runs), (mean, median, interquartile_mean)
    told = (float(of(pooled)) for of in statistics)
    intervals = _intervals(_groups(runs), statistics)
    return Aggregate(len(pooled), sum(len(values) > 0 for values in runs.values()), *told, *intervals)


def stratified_interval(runs: Mapping[object, Sequence[float]], statistic: Statistic) -> Interval | None:
    """95% percentile interval of a statistic of the pooled runs, resampled inside each stratum."""
    return _intervals(_groups(runs), [statistic])[0]


def _intervals(groups: list[np.ndarray], statistics: Sequence[Statistic]) -> list[Interval | None]:
    """The interval of each statistic, all from the same resamples."""
    if sum(map(len, groups)) < ENOUGH or min(map(len, groups)) < 2:
        return [None] * len(statistics)
    drawn = np.sort(_resampled(groups), axis=-1)  # once, as what follows sorts what is sorted at little cost
    ends = [np.quantile(of(drawn), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) for of in statistics]
    return [Interval(float(low), float(high)) for low, high in ends]


@dataclass(frozen=True)
class Profile:
    """Share of runs above each threshold, with its 95% band (None below ENOUGH runs); float64 [T] each."""

    thresholds: np.ndarray
    share: np.ndarray
    low: np.ndarray | None
    high: np.ndarray | None


def profile(runs: Mapping[object, Sequence[float]], thresholds: Sequence[float]) -> Profile:
    """Run-score distribution (section 4.2): the share of runs with a score above each threshold, ascending [T]."""
    pooled, at = np.sort(_pooled(runs)), np.asarray(thresholds, float)
    share = _above(pooled, at)
    groups = _groups(runs)
    if len(pooled) < ENOUGH or min(map(len, groups)) < 2:
        return Profile(at, share, None, None)
    drawn = np.stack([_above(resample, at) for resample in np.sort(_resampled(groups), axis=-1)])
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Profile(at, share, low, high)


def _above(ascending: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return 1 - np.searchsorted(ascending, thresholds, side="right") / len(ascending)


def _groups(runs: Mapping[object, Sequence[float]]) -> list[np.ndarray]:
    return [np.asarray(values, float) for values in runs.values() if len(values)]


def _resampled(groups: list[np.ndarray]) -> np.ndarray:
    """[RESAMPLES, N]: each row a resample, stratum by stratum."""
    rng = np.random.default_rng(SEED)
    return np.concatenate([group[rng.integers(0, len(group), (RESAMPLES, len(group)))] for group in groups], axis=-1)


def _pooled(runs: Mapping[object, Sequence[float]]) -> np.ndarray:
    pooled = np.concatenate([np.asarray(values, float) for values in runs.values()] or [np.empty(0)])
    if not len(pooled) or not np.isfinite(pooled).all():
        raise ValueError("an aggregate needs finite runs; list what is missing beside it")
    return pooled
