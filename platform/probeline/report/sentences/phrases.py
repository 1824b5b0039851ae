"""Sentences generated from statistics: which of two sides is better, by how much, or that it is unclear.

Names come in as they are to be shown; `text.isolated` readies what a spec wrote.
"""

import math
from collections.abc import Sequence

from probeline.report.results.metrics import PERCENT, POINTS, Metric
from probeline.statistics.differences import Difference
from probeline.statistics.intervals import Basis, Estimate, Interval
from probeline.statistics.multiplicity import holm, is_claimed

CANNOT = "Cannot tell"
"""How a sentence begins that claims nothing."""


def seeds(n: int, word: str = "seed") -> str:
    """`1 seed`, `3 seeds`."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def interval(estimate: Estimate, metric: Metric) -> str:
    """`95% interval 68.9 to 71.3, 3 seeds`, or why there is none."""
    if estimate.n == 0:
        return "no finished seed"
    if estimate.interval is None:
        return "1 seed, so no interval" if estimate.n == 1 else f"the same for all {seeds(estimate.n)}, so no interval"
    if estimate.basis is Basis.DETERMINISTIC:
        return f"depends on no seed, {seeds(estimate.n)}"
    low, high = (metric.clip(bound) for bound in (estimate.interval.low, estimate.interval.high))
    return f"95% interval {metric.number(low)} to {metric.number(high)}{_origin(estimate)}, {seeds(estimate.n)}"


def level(label: str, estimate: Estimate, metric: Metric) -> str:
    """`simclr: 70.1% (95% interval 68.9 to 71.3, 3 seeds)`."""
    return f"{label}: {metric.text(estimate.mean)} ({interval(estimate, metric)})"


def comparisons(named: Sequence[tuple[str, str, Difference]], metric: Metric) -> tuple[str, ...]:
    """A sentence for each (ours, theirs, difference) of one list; a claim only where it survives Holm's correction."""
    adjusted = holm([gap.p for _, _, gap in named])
    family = sum(not math.isnan(p) for p in adjusted)
    return tuple(
        _withdrawn(ours, theirs, gap, metric, family, p)
        if is_withdrawn(gap, p)
        else comparison(ours, theirs, gap, metric)
        for (ours, theirs, gap), p in zip(named, adjusted, strict=True)
    )


def is_withdrawn(gap: Difference, adjusted: float) -> bool:
    """Whether a difference that counts alone counts no more among the others of its list."""
    return gap.verdict in ("higher", "lower") and not is_claimed(gap, adjusted)


def _withdrawn(ours: str, theirs: str, gap: Difference, metric: Metric, family: int, p: float) -> str:
    paired = f"{seeds(gap.estimate.n, 'paired seed')}{_unpaired(gap)}"
    return (
        f"{CANNOT} {ours} from {theirs} among {family} comparisons (Holm-corrected p = {p:.2f}): the difference is "
        f"{metric.difference(gap.estimate.mean)} ({_around(gap.estimate, metric)}, {paired})."
    )


def comparison(ours: str, theirs: str, difference: Difference, metric: Metric) -> str:
    """One sentence about one paired difference alone; a claim only where its interval leaves zero out."""
    estimate, left_out = difference.estimate, _unpaired(difference)
    if estimate.n == 0:
        return f"Cannot compare {ours} with {theirs}: no seed finished on both sides{left_out}."
    if estimate.n == 1:
        gap = metric.difference(estimate.mean)
        return f"{CANNOT} {ours} from {theirs}: {gap} on 1 paired seed, which has no interval{left_out}."
    paired = f"{seeds(estimate.n, 'paired seed')}{left_out}"
    if difference.verdict == "equal":
        return f"{ours} and {theirs} give the same {metric.title} on all {paired}."
    if difference.verdict == "unclear":
        return (
            f"{CANNOT} {ours} from {theirs}: the difference is {metric.difference(estimate.mean)} "
            f"({_around(estimate, metric)}, {paired})."
        )
    verb, size = _verb(estimate.mean, metric), abs(estimate.mean)
    unit = POINTS if metric.unit == PERCENT else metric.unit
    amount = f"{size * metric.scale:.{metric.digits}f}{' ' + unit if unit else ''}"
    around = _around(estimate, metric, flipped=estimate.mean < 0)
    return f"{ours} {verb} {theirs} by {amount} ({around}, {paired})."


def _around(estimate: Estimate, metric: Metric, flipped: bool = False) -> str:
    """The interval of a difference of two seeds or more, or why there is none."""
    if estimate.basis is Basis.NO_SPREAD:
        return "the same for every seed, so no interval"
    if estimate.basis is Basis.DETERMINISTIC:
        return "depends on no seed"
    return f"95% interval {span(estimate.interval, metric, flipped)}{_origin(estimate)}"


def _origin(estimate: Estimate) -> str:
    """What makes an interval wider than the spread over seeds does."""
    return " from test-set noise" if estimate.basis is Basis.TEST_SET else ""


def _verb(difference: float, metric: Metric) -> str:
    """Between ours and theirs: who is better, or only which is higher where the metric has no direction."""
    if not metric.ranked:
        return "is above" if difference > 0 else "is below"
    return "beats" if (difference > 0) == metric.higher_is_better else "is worse than"


def chance(probability: float) -> str:
    """A probability of improvement as text."""
    return "—" if math.isnan(probability) else f"{probability:.2f}"


def probability(p: float) -> str:
    """A p-value as text: `0.012`, `< 0.001`."""
    return "—" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def span(interval: Interval | None, metric: Metric, flipped: bool = False) -> str:
    """A difference's interval, `3.1 to 7.0`; flipped, that of the difference the other way round."""
    if interval is None:
        return "—"
    low, high = (metric.clip_difference(bound) * metric.scale for bound in (interval.low, interval.high))
    low, high = (-high, -low) if flipped else (low, high)
    return f"{low:.{metric.digits}f} to {high:.{metric.digits}f}".replace("-", "−")


def _unpaired(difference: Difference) -> str:
    if not difference.unpaired:
        return ""
    word = "seed" if len(difference.unpaired) == 1 else "seeds"
    return f"; {word} {', '.join(map(str, difference.unpaired))} finished on one side only"
