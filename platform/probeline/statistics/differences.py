"""Paired differences: two cells compared seed by seed, and the probability of improvement."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from probeline.statistics.intervals import UNKNOWN, Basis, Estimate, Interval, Measurement, Spread
from probeline.statistics.sequential import Looks


@dataclass(frozen=True)
class Scores:
    """One side of a comparison: seed -> value, how a value was measured, and when differences were looked at.

    `looks`: None where the number of seeds did not depend on the values.
    """

    values: Mapping[int, float]
    measurement: Measurement = UNKNOWN
    looks: Looks | None = None


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
    estimate, p = _inference(Spread.of(values, size), ours, theirs)
    unpaired = tuple(sorted(ours.values.keys() ^ theirs.values.keys()))
    chance = improvement(list(ours.values.values()), list(theirs.values.values()))
    return Difference(seeds, values, unpaired, estimate, chance, p)


def _inference(spread: Spread, ours: Scores, theirs: Scores) -> tuple[Estimate, float]:
    """Estimate and p-value of the mean difference.

    Where neither side depends on the seed and the noise of the test set is unknown, the difference is exact and has no
    p-value. Where seeds were added until something was decided, both hold at whichever look one stops.
    """
    measured, theirs_measured, looks = ours.measurement, theirs.measurement, ours.looks or theirs.looks
    each = (measured.of_mean(spread.n), theirs_measured.of_mean(spread.n)) if spread.n else ()
    variances = [v for v in each if v is not None]
    fixed = measured.deterministic and theirs_measured.deterministic and spread.n > 1 and not spread.deviation
    if fixed and not variances:
        return Estimate(spread.n, spread.mean, Interval(spread.mean, spread.mean), Basis.DETERMINISTIC), math.nan
    error = math.sqrt(math.fsum(variances)) if variances else None
    p = spread.p_value(error)
    if looks is None:
        return spread.estimate(error), p
    return spread.estimate(error, looks.level), p if math.isnan(p) else looks.p_value(p)


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
    looks = next((side.looks for side in sides if side.looks), None)
    return Scores({seed: math.fsum(side.values[seed] for side in sides) / n for seed in seeds}, measurement, looks)


def improvement(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """P(a value of ours > a value of theirs) over all pairs, ties half (Agarwal et al. 2021, arXiv 2108.13264)."""
    if not len(ours) or not len(theirs):
        return math.nan
    gaps = np.sign(np.subtract.outer(np.asarray(ours, float), np.asarray(theirs, float)))
    return float((gaps.mean() + 1) / 2)
