"""Paired differences: two cells compared seed by seed, and the probability of improvement."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from probeline.report.statistics.intervals import UNKNOWN, Basis, Estimate, Interval, Measurement, Spread


@dataclass(frozen=True)
class Scores:
    """One side of a comparison: seed -> value, and how a value was measured."""

    values: Mapping[int, float]
    measurement: Measurement = UNKNOWN


@dataclass(frozen=True)
class Difference:
    """`ours - theirs`, seed by seed."""

    seeds: tuple[int, ...]  # those both sides finished
    values: tuple[float, ...]  # one difference a seed
    unpaired: tuple[int, ...]  # seeds that only one side finished: left out, never imputed
    estimate: Estimate
    improvement: float  # P(ours > theirs) over all pairs of finished seeds, ties count half; NaN if a side is empty
    p: float  # two-sided, of "no difference"; NaN below two paired seeds, and where nothing is random

    @property
    def verdict(self) -> str:
        """`higher`, `lower`, `equal` (the same number for every seed), or `unclear`."""
        interval = self.estimate.interval
        if len(self.values) > 1 and not any(self.values):
            return "equal"
        if interval is None or interval.low <= 0 <= interval.high:
            return "unclear"
        return "higher" if self.estimate.mean > 0 else "lower"


def paired_difference(ours: Scores, theirs: Scores) -> Difference:
    """Compare two sides; only seeds that both finished are paired."""
    seeds = tuple(sorted(ours.values.keys() & theirs.values.keys()))
    values = tuple(ours.values[seed] - theirs.values[seed] for seed in seeds)
    size = max((abs(side.values[seed]) for side in (ours, theirs) for seed in seeds), default=0.0)
    estimate, p = _inference(Spread.of(values, size), ours.measurement, theirs.measurement)
    unpaired = tuple(sorted(ours.values.keys() ^ theirs.values.keys()))
    chance = improvement(list(ours.values.values()), list(theirs.values.values()))
    return Difference(seeds, values, unpaired, estimate, chance, p)


def _inference(spread: Spread, ours: Measurement, theirs: Measurement) -> tuple[Estimate, float]:
    """Estimate and p-value of the mean difference.

    Where neither side depends on the seed and the noise of the test set is unknown, the difference is exact and has no
    p-value.
    """
    variances = [v for v in (ours.of_mean(spread.n), theirs.of_mean(spread.n)) if v is not None] if spread.n else []
    fixed = ours.deterministic and theirs.deterministic and spread.n > 1 and not spread.deviation
    if fixed and not variances:
        return Estimate(spread.n, spread.mean, Interval(spread.mean, spread.mean), Basis.DETERMINISTIC), math.nan
    error = math.sqrt(math.fsum(variances)) if variances else None
    return spread.estimate(error), spread.p_value(error)


def average(sides: Sequence[Scores]) -> Scores:
    """The mean of several cells, for each seed that finished in all of them; each cell's noise counts as its own.

    Raises ValueError where there is no cell.
    """
    if not sides:
        raise ValueError("an average needs a cell")
    n = len(sides)
    seeds = sorted(set.intersection(*(set(side.values) for side in sides)))
    variances = [v for side in sides if (v := side.measurement.variance) is not None]
    measurement = Measurement(
        math.fsum(variances) / n**2 if variances else None, all(side.measurement.deterministic for side in sides)
    )
    return Scores({seed: math.fsum(side.values[seed] for side in sides) / n for seed in seeds}, measurement)


def improvement(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """P(a value of ours > a value of theirs) over all pairs, ties half (Agarwal et al. 2021, arXiv 2108.13264)."""
    if not len(ours) or not len(theirs):
        return math.nan
    gaps = np.sign(np.subtract.outer(np.asarray(ours, float), np.asarray(theirs, float)))
    return float((gaps.mean() + 1) / 2)
