"""A cell's result as figures draw it: mean, interval, seeds and what hovering says."""

import math
from dataclasses import dataclass

from probeline.report.figures import _style
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import PERCENT, Metric
from probeline.report.sentences import phrases
from probeline.statistics.intervals import Estimate


@dataclass(frozen=True)
class CellEstimate:
    """One cell's mean, its interval and its seeds, in stored units. Without a result n is 0 and the mean is NaN."""

    cell: str
    line: str
    arm: bool
    n: int
    mean: float
    low: float  # NaN where there is no interval
    high: float
    points: dict[int, float]  # seed -> value
    hover: str
    hovers: dict[int, str]  # seed -> text

    @property
    def has_interval(self) -> bool:
        """Whether there are `low` and `high`."""
        return not math.isnan(self.low)


def cell_estimate(cell: CellResult, metric: Metric) -> CellEstimate:
    """A cell's result; its interval ends at the metric's own bounds."""
    result = cell.estimate
    words = [_style.text(why) for why in cell.missing[:6]]
    level = f"{metric.text(result.mean)} ({phrases.interval(result, metric)})" if result.n else "no result"
    return CellEstimate(
        cell.label, cell.line, cell.arm, result.n, result.mean, *interval_ends(result, metric), points=cell.values,
        hover=_style.hover(
            f"<b>{_style.text(cell.label)}</b>", f"{level}, {_style.text(metric.title)}" if result.n else level,
            _style.identities(cell.trials), *words,
        ),
        hovers={
            seed: _style.hover(f"seed {seed}: {metric.text(value)}", f"trial {_style.text(cell.trials[seed])}")
            for seed, value in cell.values.items()
        },
    )  # fmt: skip


def axis_title(metric: Metric) -> str:
    """The metric's title, with its unit where the ticks do not have it."""
    return metric.title if metric.unit in ("", PERCENT) else f"{metric.title}, {metric.unit}"


def interval_ends(estimate: Estimate, metric: Metric) -> tuple[float, float]:
    """Low and high end of an interval, cut at the metric's own bounds; NaN where there is none."""
    if estimate.interval is None:
        return math.nan, math.nan
    return metric.clip(estimate.interval.low), metric.clip(estimate.interval.high)
