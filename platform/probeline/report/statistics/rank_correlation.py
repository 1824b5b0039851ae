"""Shape agreement: do our cells order themselves as the paper's do? Never a comparison of absolute numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from probeline.report.results.published_matching import Correspondence, pairs
from probeline.report.statistics.intervals import LEVEL, Interval

FEWEST = 5  # matched cells below which nothing is said


@dataclass(frozen=True)
class Agreement:
    """Spearman's rank correlation over `n` matched cells; NaN where a side is constant or n < 2."""

    n: int
    rho: float
    interval: Interval | None  # None below FEWEST cells


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
    if n < FEWEST:
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
    """Whether the shapes agree, in words, or that it cannot be told and why."""
    return said(beside.title, pairs(beside, cells))


def said(title: str, matched: Sequence[tuple[float, float]]) -> str:
    """The same for pairs of (ours, the paper's); `title`: what they are compared with."""
    found = agreement([ours for ours, _ in matched], [theirs for _, theirs in matched])
    of = f"Shape agreement with {title}"
    if found.n == 0:
        return f"{of}: no finished cell here stands beside a published value."
    if math.isnan(found.rho):
        return f"{of}: cannot tell; {found.n} matched {'cell has' if found.n == 1 else 'cells have'} no order."
    number = f"Spearman {found.rho:.2f}".replace("-", "−")
    if found.interval is None:
        return f"{of}: cannot tell; {number} over {found.n} matched cells, too few for an interval."
    span = f"95% interval {found.interval.low:.2f} to {found.interval.high:.2f}, {found.n} matched cells"
    verdict = "agree" if found.interval.low > 0 else "disagree" if found.interval.high < 0 else "cannot tell"
    words = {"agree": "the order agrees", "disagree": "the order is reversed", "cannot tell": "cannot tell"}
    return f"{of}: {words[verdict]}; {number} ({span.replace('-', '−')})."
