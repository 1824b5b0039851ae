"""Each cell against its baseline, seed by seed: mean difference, 95% interval, a mark a seed."""

import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _forest_plot, _style
from probeline.report.figures._estimates import CellEstimate
from probeline.report.results.baseline import counterparts, title
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import PERCENT, POINTS, Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases
from probeline.statistics.differences import Difference, paired_difference


class Config(Settings):
    """`baseline`: an arm or a cell by label, a value of an axis, or what the baseline's cells match."""

    metric: str | None = None
    baseline: str | dict[str, Any] | None = None
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class CellDifference:
    """A cell minus its baseline; n and points of `estimate` are paired seeds. Fields as in Difference."""

    estimate: CellEstimate
    baseline: str
    improvement: float
    verdict: str


@dataclass(frozen=True)
class PairedDifferences:
    """A row for each cell that has a baseline; `baseline`: all of them in words."""

    metric: str
    labels: tuple[str, ...]
    baseline: str
    cells: tuple[CellDifference, ...]


def prepare(results: Results, config: Config) -> PairedDifferences:
    """The difference of each cell that has a baseline. Raises NothingToDraw."""
    name = config.metric or results.main_metric
    if config.baseline is None:
        raise NothingToDraw("The experiment names no baseline to compare with (`report.baseline`).")
    layout = results.layout(config.x, config.line)
    cells = results.cells(name, layout)
    other = counterparts(cells, config.baseline)
    if not other:
        raise NothingToDraw(f"The plan has nothing to compare with {title(config.baseline, cells)}.")
    compared = [(cell, other[cell.label]) for cell in cells if cell.label in other]
    if not any(cell.values.keys() & theirs.values.keys() for cell, theirs in compared):
        raise NothingToDraw(f"No seed has finished both for a cell and for {title(config.baseline, cells)} yet.")
    gaps = [paired_difference(cell.scores, theirs.scores) for cell, theirs in compared]
    labels = [(_style.text(cell.label), _style.text(theirs.label)) for cell, theirs in compared]
    named = [(*pair, gap) for pair, gap in zip(labels, gaps, strict=True)]
    sentences = phrases.comparisons(named, metric(name))
    rows = zip(compared, gaps, sentences, strict=True)
    differences = tuple(_difference(*pair, gap, sentence, metric(name)) for pair, gap, sentence in rows)
    return PairedDifferences(name, layout.labels, title(config.baseline, cells), differences)


def _difference(cell: CellResult, theirs: CellResult, gap: Difference, sentence: str, metric: Metric) -> CellDifference:
    interval = gap.estimate.interval
    ids = {s: f"{cell.trials[s]} and {theirs.trials[s]}" for s in gap.seeds}
    points = dict(zip(gap.seeds, gap.values, strict=True))
    estimate = CellEstimate(
        cell.label, cell.line, cell.arm, gap.estimate.n, gap.estimate.mean,
        low=metric.clip_difference(interval.low) if interval else math.nan,
        high=metric.clip_difference(interval.high) if interval else math.nan, points=points,
        hover=_style.hover(*_broken(sentence), _style.identities(ids)),
        hovers={
            s: _style.hover(f"seed {s}: {metric.difference(value)}", f"trials {_style.text(ids[s])}")
            for s, value in points.items()
        },
    )  # fmt: skip
    return CellDifference(estimate, theirs.label, gap.improvement, gap.verdict)


def _broken(sentence: str) -> list[str]:
    """A long sentence over two lines, at its bracket."""
    head, bracket, tail = sentence.partition(" (")
    return [head, bracket.strip() + tail] if bracket else [sentence]


def draw(info: PairedDifferences) -> go.Figure:
    """Rows of differences, with a line at zero."""
    described = metric(info.metric)
    unit = POINTS if described.unit == PERCENT else described.unit
    better = {"higher": " Right of zero is better.", "lower": " Left of zero is better.", "none": ""}[
        described.direction
    ]
    caption = (
        "Differences of the same seed, so what seeds share cancels out. Bars are 95% intervals, each for itself; the "
        f"verdicts on hover and in the table are corrected for the number of rows (Holm).{better}"
    )
    return _forest_plot.draw(
        _forest_plot.ForestPlot(
            tuple(one.estimate for one in info.cells),
            info.labels,
            title=f"{described.heading} against {info.baseline}, paired by seed",
            caption=caption,
            axis=f"difference in {unit or described.title}",
            scale=described.scale,
            zero=True,
        )
    )
