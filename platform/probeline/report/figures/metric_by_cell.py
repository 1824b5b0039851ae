"""A metric cell by cell: a row a cell, its mean, 95% interval and seeds. For grids without a numeric axis."""

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _estimates, _forest_plot, _style
from probeline.report.results.cells import cells, layout
from probeline.report.results.metrics import PERCENT, main_metric, metric


class Config(Settings):
    """`x` and `line` decide colours alone."""

    metric: str | None = None
    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a cell, in the plan's order: mean, low, high (NaN where there is none), points and hover texts.

    Raises NothingToDraw.
    """
    name = config.metric or main_metric(trials)
    shape = layout(trials, config.x, config.line)
    results = cells(trials, name, shape)
    if not any(cell.values for cell in results):
        raise _style.NothingToDraw(f"No trial has finished with {name} yet.")
    frame = pd.DataFrame([_estimates.row(cell, metric(name)) for cell in results])
    frame.attrs = {"metric": name, "labels": list(shape.labels)}
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described = metric(frame.attrs["metric"])
    suffix = "%" if described.unit == PERCENT else ""
    title = f"{described.heading} by cell"
    caption = "Large marks are means, small marks seeds, bars the mean's 95% interval."
    return _forest_plot.draw(frame, _forest_plot.Rows(title, caption, described.title, described.scale, suffix))
