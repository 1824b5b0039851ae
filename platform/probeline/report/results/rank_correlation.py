"""Shape agreement: do our cells order themselves as the paper's do? Never a comparison of absolute numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from probeline.report.results.published_matching import Correspondence, pairs
from probeline.statistics.intervals import LEVEL, Interval

MIN_CELLS = 5  # matched cells below which no order is stated


@dataclass(frozen=True)
class Agreement:
    """Spearman's rank correlation over `n` matched cells; NaN where a side is constant or n < 2."""

    n: int
    rho: float
    interval: Interval | None  # None below MIN_CELLS cells


def agreement(ours: Sequence[float], theirs: Sequence[float]) -> Agreement:
    """Spearman's rho with its 95% interval by Fisher's z.

    Standard error sqrt((1 + rho^2 / 2) / (n - 3)): Bonett and Wright 2000, "Sample size requirements for estimating
    Pearson, Kendall and Spearman correlations". A rho of 1 is taken half of its smallest step below 1, as z has no
    end there.
    """
    n = len(ours)
    if n < 2 or np.ptp(ours) == 0 or np.ptp(theirs) == 0:
        return Agreement(n, math.nan, None)
    rho = float(np.corrcoef(_ranked(ours), _ranked(theirs))[0, 1])
    if n < MIN_CELLS:
        return Agreement(n, rho, None)
    most = 1 - 6 / (n * (n**2 - 1))
    z = math.atanh(min(max(rho, -most), most))
    reach = float(special.ndtri((1 + LEVEL) / 2)) * math.sqrt((1 + rho**2 / 2) / (n - 3))
    return Agreement(n, rho, Interval(math.tanh(z - reach), math.tanh(z + reach)))


def _ranked(values: Sequence[float]) -> np.ndarray:
    """Ranks from 1; ties share their mean rank."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[where]


def sentence(beside: Correspondence, cells: Sequence) -> str:
    """Whether the shapes agree, in words, or why that is unclear."""
    return sentence_of(beside.title, pairs(beside, cells))


def sentence_of(title: str, matched: Sequence[tuple[float, float]]) -> str:
    """The same for pairs of (ours, the paper's); `title`: what they are compared with."""
    correlation = agreement([ours for ours, _ in matched], [theirs for _, theirs in matched])
    of = f"Shape agreement with {title}"
    n, interval = correlation.n, correlation.interval
    if n == 0:
        return f"{of}: no finished cell here stands beside a published value."
    if math.isnan(correlation.rho):
        return f"{of}: cannot tell; {n} matched {'cell has' if n == 1 else 'cells have'} no order."
    number = f"Spearman {correlation.rho:.2f}".replace("-", "−")
    if interval is None:
        return f"{of}: cannot tell; {number} over {n} matched cells, too few for an interval."
    span = f"95% interval {interval.low:.2f} to {interval.high:.2f}, {n} matched cells".replace("-", "−")
    verdict = (
        "the order agrees" if interval.low > 0 else "the order is reversed" if interval.high < 0 else "cannot tell"
    )
    return f"{of}: {verdict}; {number} ({span})."
