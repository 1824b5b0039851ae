"""Interval and p-value of a mean over a few seeds: Student's t, never narrower than the noise of the test set.

The half-width of an interval is the larger of two: Student's t over the seeds, and the normal interval of the noise
that a finite test set alone gives (see `measurement`). The p-value is the larger of the two tests', so it lies below
0.05 exactly where the interval leaves zero out. Both depend on neither the order of the seeds nor, but for the sign,
on which side is subtracted from which. Values without any spread, of a metric whose noise is unknown, have no interval:
that a few coarse values agree is no evidence that the next one will.

Share of 20,000 simulated experiments in which the 95% interval holds the true mean, or there is none; on the right, of
5,000, the smoothed bootstrap-t with 10,000 resamples (Hall 1988; Polansky and Schucany 1997):

                          one cell, seeds:          paired difference:           bootstrap-t, one cell:
                           2     3     5    10        2     3     5    10        2     3     5    10
    normal                0.95  0.95  0.95  0.95     0.95  0.95  0.95  0.95     0.95  0.95  0.95  0.95
    gamma, shape 4        0.95  0.94  0.93  0.94     0.95  0.95  0.96  0.95     0.95  0.94  0.94  0.95
    lognormal, sigma 1    0.90  0.84  0.82  0.84     0.96  0.97  0.97  0.97     0.90  0.85  0.85  0.87
    outliers              0.96  0.96  0.96  0.96     0.96  0.96  0.96  0.97     0.96  0.97  0.96  0.96
    failures              0.94  0.94  0.91  0.90     0.96  0.97  0.97  0.96     0.94  0.94  0.92  0.90
    two groups            0.83  0.77  0.94  0.94     0.92  0.96  0.96  0.94     0.83  0.77  0.94  0.98
    tied                  1.00  1.00  0.99  0.96     1.00  1.00  0.97  0.96     0.92  0.98  0.99  0.94
    accuracy on 100       0.99  0.98  0.98  0.97     0.99  0.99  0.98  0.97     0.94  0.95  0.95  0.95
    accuracy on 500       0.99  0.98  0.98  0.97     0.99  0.98  0.97  0.96     0.95  0.95  0.95  0.95
    accuracy on 5000      0.97  0.96  0.95  0.95     0.97  0.96  0.95  0.95     0.95  0.96  0.95  0.95

Outliers: one seed in ten with five times the standard deviation. Failures: one in ten lies five standard deviations
lower. Two groups: half of the seeds lie eight standard deviations higher. Tied: four pairs in ten are equal.
Accuracies: 60%, a point of standard deviation over seeds, binomial noise of so many test samples.

The bootstrap-t is 1 to 7% wider everywhere for 3 points of coverage on lognormal seeds, needs resampling, whose error
depends on the order of the seeds, and has no tail: with 10,000 resamples no p-value lies below 0.0002. Johnson's (1978)
correction of t for skewness changes no entry by more than 0.01. No interval holds 95% where 2 or 3 seeds can all fall
into one of two groups, or for the mean of strongly skewed seeds; a difference of two cells that are skewed alike is
symmetric, so comparisons keep their level. Of whole tables of 16 comparisons without any true difference 5% at most
claim one after Holm's correction, but up to 11% where seeds fall into two groups. The slow tests of `test_coverage.py`
recompute the two blocks on the left and the share of tables.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Self

from scipy import special

METHOD = "Student's t over seeds; of accuracies never narrower than the binomial noise of the test split"
COVERAGE = (
    "95% means: of such intervals from other seeds, on the same data and test split, 95% hold the mean over all seeds. "
    "Simulated, they do where seeds scatter evenly around their mean. Of single cells they hold 90 to 94% where one "
    "seed in ten fails and 82 to 90% where seeds are strongly skewed (of differences 95% or more); where two or three "
    "seeds fall into two groups, 77 to 83% of cells and 92 to 96% of differences. "
    f"How that was computed: python -m pydoc {__name__}."
)
LEVEL = 0.95
RESOLUTION = 1e-6  # of the values' size: float32 keeps no smaller difference, so a smaller spread is rounding


@dataclass(frozen=True)
class Interval:
    """A 95% interval of a mean."""

    low: float
    high: float


class Basis(StrEnum):
    """What an interval rests on."""

    SEEDS = "spread over seeds"
    TEST_SET = "noise of the test set"  # which is larger than what the spread over these seeds gives
    DETERMINISTIC = "no part depends on the seed"
    TOO_FEW = "fewer than two seeds"  # no interval
    NO_SPREAD = "equal values of unknown precision"  # no interval


@dataclass(frozen=True)
class Measurement:
    """What is known of how a value was measured, apart from its spread over seeds.

    `variance`: of one value, by the finite test set; None where it is unknown. `deterministic`: no part of the trial
    depends on the seed, so all seeds repeat one measurement.
    """

    variance: float | None = None
    deterministic: bool = False

    def of_mean(self, n: int) -> float | None:
        """The variance of the mean over `n` seeds."""
        return self.variance if self.variance is None or self.deterministic else self.variance / n


UNKNOWN = Measurement()


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` seeds; `interval` is None where `basis` says that there is none."""

    n: int
    mean: float  # NaN when n = 0
    interval: Interval | None
    basis: Basis = Basis.SEEDS


def estimate(values: Sequence[float], measurement: Measurement = UNKNOWN) -> Estimate:
    """Mean of finite values, one a seed, with its 95% interval.

    Raises ValueError on NaN or infinity: a missing value is listed beside a mean, never dropped in silence.
    """
    if not all(map(math.isfinite, values)):
        raise ValueError(f"a mean needs finite values, got {list(values)}; list what is missing beside it")
    spread = Spread.of(values, max(map(abs, values), default=0.0))
    if measurement.deterministic and spread.n > 1 and not spread.deviation:
        return Estimate(spread.n, spread.mean, Interval(spread.mean, spread.mean), Basis.DETERMINISTIC)
    variance = measurement.of_mean(spread.n) if spread.n else None
    return spread.estimate(None if variance is None else math.sqrt(variance))


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of `n` values; a deviation of 0: none that is more than rounding."""

    n: int
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float], size: float) -> Self:
        """`size`: the largest magnitude among the numbers that the values were computed from. Sums are exact."""
        n = len(values)
        if not n or min(values) == max(values):
            return cls(n, float(values[0]) if n else math.nan, 0.0)
        mean = math.fsum(values) / n
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
        return cls(n, mean, deviation if deviation > RESOLUTION * size else 0.0)

    def estimate(self, error: float | None, level: float | None = None) -> Estimate:
        """`error`: the standard error of the mean by the test set alone; None: unknown.

        `level`: how often an interval may miss; None: 1 - LEVEL.
        """
        if self.n < 2:
            return Estimate(self.n, self.mean, None, Basis.TOO_FEW)
        if not self.deviation and not error:
            return Estimate(self.n, self.mean, None, Basis.NO_SPREAD)
        t, z = _t_quantile(self.n - 1, level), Z_QUANTILE if level is None else float(special.ndtri(1 - level / 2))
        by_seeds = t * self.deviation / math.sqrt(self.n)
        by_test_set = z * (error or 0.0)
        half = max(by_seeds, by_test_set)
        basis = Basis.SEEDS if by_seeds >= by_test_set else Basis.TEST_SET
        return Estimate(self.n, self.mean, Interval(self.mean - half, self.mean + half), basis)

    def p_value(self, error: float | None) -> float:
        """Two-sided, of "the true mean is zero"; NaN below two values, 1 for values without spread or known noise."""
        if self.n < 2:
            return math.nan
        if not self.deviation and not error:
            return 1.0
        by_seeds = by_test_set = 0.0
        if self.deviation:
            t = abs(self.mean) / (self.deviation / math.sqrt(self.n))
            by_seeds = 2 * float(special.stdtr(self.n - 1, -t))
        if error:
            by_test_set = 2 * float(special.ndtr(-abs(self.mean) / error))
        return max(by_seeds, by_test_set)


Z_QUANTILE = float(special.ndtri((1 + LEVEL) / 2))


@cache
def _t_quantile(degrees: int, level: float | None = None) -> float:
    return float(special.stdtrit(degrees, (1 + LEVEL) / 2 if level is None else 1 - level / 2))
