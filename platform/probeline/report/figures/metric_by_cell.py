"""A metric cell by cell: a row a cell, its mean, 95% interval and seeds. For grids without a numeric axis."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from probeline.report import claims
from probeline.report.cells import Cell, cells, layout
from probeline.report.figures import _rows, _style
from probeline.report.metrics import PERCENT, Metric, metric
from probeline.spec.settings import Settings


class Config(Settings):
    """`x` and `line` decide colours alone."""

    metric: str | None = None
    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a cell, in the plan's order: mean, low, high (NaN where there is none), points and hover texts.

    Raises NothingToDraw.
    """
    name = config.metric or "linear_probe/top1"
    shape = layout(trials, config.x, config.line)
    found = cells(trials, name, shape)
    if not any(cell.values for cell in found):
        raise _style.NothingToDraw(f"No trial has finished with {name} yet.")
    frame = pd.DataFrame([_row(cell, metric(name)) for cell in found])
    frame.attrs = {"metric": name, "labels": list(shape.labels)}
    return frame


def _row(cell: Cell, about: Metric) -> dict:
    result = cell.estimate
    low, high = (result.interval.low, result.interval.high) if result.interval else (np.nan, np.nan)
    words = [_style.text(why) for why in cell.missing[:6]]
    heading = f"<b>{_style.text(cell.label)}</b>"
    level = f"{about.text(result.mean)} ({claims.interval(result, about)})" if result.n else "no result"
    return {
        "cell": cell.label, "line": cell.line, "n": result.n, "mean": result.mean,
        "low": about.clip(low), "high": about.clip(high), "points": cell.values,
        "hover": _style.hover(heading, level, _style.identities(cell.trials), *words),
        "hovers": {
            seed: _style.hover(f"seed {seed}: {about.text(value)}", f"trial {_style.text(cell.trials[seed])}")
            for seed, value in cell.values.items()
        },
    }  # fmt: skip


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    about = metric(frame.attrs["metric"])
    suffix = "%" if about.unit == PERCENT else ""
    title = f"{about.heading} by cell"
    caption = "Large marks are means, small marks seeds, bars the mean's 95% bootstrap interval."
    return _rows.draw(frame, _rows.Rows(title, caption, about.title, about.scale, suffix))
