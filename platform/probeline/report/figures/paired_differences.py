"""Each cell against its baseline, seed by seed: mean difference, 95% interval, a mark a seed."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _forest_plot, _style
from probeline.report.results.baseline import counterparts, title
from probeline.report.results.cells import CellResult, cells, layout
from probeline.report.results.metrics import PERCENT, POINTS, Metric, main_metric, metric
from probeline.report.sentences import phrases
from probeline.report.statistics.differences import Difference, paired_difference


class Config(Settings):
    """`baseline`: an arm or a cell by label, a value of an axis, or what the baseline's cells match."""

    metric: str | None = None
    baseline: str | dict[str, Any] | None = None
    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row for each cell that has a baseline: n paired seeds, mean, low, high, improvement, points by seed.

    Raises NothingToDraw.
    """
    name = config.metric or main_metric(trials)
    if config.baseline is None:
        raise _style.NothingToDraw("The experiment names no baseline to compare with (`report.baseline`).")
    shape = layout(trials, config.x, config.line)
    results = cells(trials, name, shape)
    other = counterparts(results, config.baseline)
    if not other:
        raise _style.NothingToDraw(f"The plan has nothing to compare with {title(config.baseline)}.")
    compared = [(cell, other[cell.label]) for cell in results if cell.label in other]
    if not any(cell.values.keys() & theirs.values.keys() for cell, theirs in compared):
        raise _style.NothingToDraw(f"No seed has finished both for a cell and for {title(config.baseline)} yet.")
    gaps = [paired_difference(cell.scores, theirs.scores) for cell, theirs in compared]
    labels = [(_style.text(cell.label), _style.text(theirs.label)) for cell, theirs in compared]
    named = [(*pair, gap) for pair, gap in zip(labels, gaps, strict=True)]
    sentences = phrases.comparisons(named, metric(name))
    rows = zip(compared, gaps, sentences, strict=True)
    frame = pd.DataFrame([_row(*pair, gap, sentence, metric(name)) for pair, gap, sentence in rows])
    frame.attrs = {"metric": name, "labels": list(shape.labels), "baseline": title(config.baseline)}
    return frame


def _row(cell: CellResult, theirs: CellResult, gap: Difference, sentence: str, metric: Metric) -> dict[str, Any]:
    interval = gap.estimate.interval
    ids = {s: f"{cell.trials[s]} and {theirs.trials[s]}" for s in gap.seeds}
    points = dict(zip(gap.seeds, gap.values, strict=True))
    return {
        "cell": cell.label, "line": cell.line, "baseline": theirs.label, "n": gap.estimate.n,
        "mean": gap.estimate.mean, "low": interval.low if interval else np.nan,
        "high": interval.high if interval else np.nan, "improvement": gap.improvement, "verdict": gap.verdict,
        "points": points, "hover": _style.hover(*_broken(sentence), _style.identities(ids)),
        "hovers": {
            s: _style.hover(f"seed {s}: {metric.difference(value)}", f"trials {_style.text(ids[s])}")
            for s, value in points.items()
        },
    }  # fmt: skip


def _broken(sentence: str) -> list[str]:
    """A long sentence over two lines, at its bracket."""
    head, bracket, tail = sentence.partition(" (")
    return [head, bracket.strip() + tail] if bracket else [sentence]


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described = metric(frame.attrs["metric"])
    unit = POINTS if described.unit == PERCENT else described.unit
    better = {"higher": " Right of zero is better.", "lower": " Left of zero is better.", "none": ""}[
        described.direction
    ]
    caption = (
        "Differences of the same seed, so what seeds share cancels out. Bars are 95% intervals, each for itself; the "
        f"verdicts on hover and in the table are corrected for the number of rows (Holm).{better}"
    )
    axis = f"difference in {unit or described.title}"
    heading = f"{described.heading} against {frame.attrs['baseline']}, paired by seed"
    return _forest_plot.draw(frame, _forest_plot.Rows(heading, caption, axis, described.scale, zero=True))
