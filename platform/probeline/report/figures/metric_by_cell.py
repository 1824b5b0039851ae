"""A metric cell by cell: a row a cell, its mean, 95% interval and seeds. For grids without a numeric axis."""

from dataclasses import dataclass

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _forest_plot
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.results import Results


class Config(Settings):
    """`x` and `line` decide colours alone."""

    metric: str | None = None
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class MetricByCell:
    """A row a cell, in the plan's order."""

    metric: str
    labels: tuple[str, ...]
    cells: tuple[CellEstimate, ...]


def prepare(results: Results, config: Config) -> MetricByCell:
    """Every cell's estimate of the metric. Raises NothingToDraw."""
    name = config.metric or results.main_metric
    layout = results.layout(config.x, config.line)
    cells = results.cells(name, layout)
    if not any(cell.values for cell in cells):
        raise NothingToDraw(f"No trial has finished with {name} yet.")
    return MetricByCell(name, layout.labels, tuple(cell_estimate(cell, metric(name)) for cell in cells))


def draw(info: MetricByCell) -> go.Figure:
    """Rows of estimates."""
    described = metric(info.metric)
    return _forest_plot.draw(
        _forest_plot.ForestPlot(
            info.cells,
            info.labels,
            title=f"{described.heading} by cell",
            caption="Large marks are means, small marks seeds, bars the mean's 95% interval.",
            axis=described.title,
            scale=described.scale,
            suffix="%" if described.unit == PERCENT else "",
        )
    )
