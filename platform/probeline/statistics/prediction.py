"""The interval in which the value of one further seed would lie: what a replay on another machine is judged by."""

import math
from collections.abc import Sequence

from scipy import special

from probeline.statistics.intervals import LEVEL, Interval, Spread

MIN_SEEDS = 3
ROUNDING = 1e-5
"""Of a value's size: what sums in another order change, where seeds have no spread at all."""


def another_value(values: Sequence[float], seeds: int = MIN_SEEDS) -> Interval | None:
    """The 95% prediction interval of a further value; None below `seeds` values.

    Student's t with the spread of the values: mean +- t s sqrt(1 + 1/n).
    """
    if len(values) < seeds:
        return None
    spread = Spread.of(values, max(map(abs, values)))
    quantile = float(special.stdtrit(spread.n - 1, (1 + LEVEL) / 2))
    half = quantile * spread.deviation * math.sqrt(1 + 1 / spread.n) + ROUNDING * max(map(abs, values))
    return Interval(spread.mean - half, spread.mean + half)
