"""Multiple comparisons: Holm-corrected p-values, and ranks with ties."""

import math
from collections.abc import Mapping, Sequence

from probeline.statistics.differences import Difference, Scores, paired_difference
from probeline.statistics.intervals import LEVEL


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of a family (Holm 1979, "A simple sequentially rejective multiple test procedure").

    Rejecting those below 0.05 keeps the chance of any wrong claim in the family below 5%, however they depend on each
    other. NaN (nothing to test) stays NaN and is no member of the family.
    """
    order = sorted((i for i, p in enumerate(p_values) if not math.isnan(p)), key=lambda i: p_values[i])
    adjusted, highest = [math.nan] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def is_claimed(gap: Difference, adjusted: float) -> bool:
    """Whether a difference counts among the others of its family; `adjusted`: its p-value there.

    One without a p-value that has a verdict is exact: nothing in it is random.
    """
    return gap.verdict in ("higher", "lower") and (math.isnan(adjusted) or adjusted < 1 - LEVEL)


def ranks(lines: Mapping[str, Scores], higher_is_better: bool = True) -> dict[str, tuple[int, int]]:
    """Best and worst rank that the runs allow each line.

    Every pair is compared seed by seed; a line ranks behind those that beat it and ahead of those that it beats, at 5%
    after Holm's correction over all pairs. (1, 1) is a clear winner; (1, 3) shares the first three places.
    """
    names = list(lines)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    gaps = [paired_difference(lines[a], lines[b]) for a, b in pairs]
    better, worse = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for (a, b), gap, p in zip(pairs, gaps, holm([gap.p for gap in gaps]), strict=True):
        if not is_claimed(gap, p):
            continue
        first, second = (a, b) if (gap.estimate.mean > 0) == higher_is_better else (b, a)
        worse[first] += 1
        better[second] += 1
    return {name: (1 + better[name], len(names) - worse[name]) for name in names}
