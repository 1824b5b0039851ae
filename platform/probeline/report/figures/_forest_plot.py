"""Rows of estimates: a mark and its interval a row, a small mark a seed. Shared by the figures that list cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from probeline.report.figures import _marks, _style
from probeline.report.figures._estimates import CellEstimate
from probeline.report.figures._marks import HOVER, PlottedPoints

ROW, FRAME = 34, 76  # px: of one row, of the margins and the axis


@dataclass(frozen=True)
class ForestPlot:
    """Rows with the words and units around them; `zero` draws a line at no difference."""

    rows: tuple[CellEstimate, ...]
    labels: tuple[str, ...]  # of all lines: they fix colours
    title: str
    caption: str
    axis: str
    scale: float
    suffix: str = ""
    zero: bool = False


def draw(plot: ForestPlot) -> go.Figure:
    """A row an estimate. One without a result keeps its row, with an open mark at the axis."""
    looks = _style.style(plot.labels)
    figure = _style.figure(FRAME + ROW * len(plot.rows), plot.title, plot.caption)
    positions = {row.cell: float(i) for i, row in enumerate(plot.rows)}
    left_end, right_end = _range(plot)
    for row in plot.rows:
        y, look = positions[row.cell], looks[row.line]
        if row.n == 0:
            _missing(figure, row, y, look, left_end + 0.015 * (right_end - left_end))
        else:
            _row(figure, row, y, look, plot.scale)
    figure.update_yaxes(
        range=[len(plot.rows) - 0.5, -0.5], tickvals=list(positions.values()), showgrid=False, ticks="", linewidth=0,
        ticktext=[_style.wrapped(cell, 36) for cell in positions], tickfont={"size": 12},
    )  # fmt: skip
    figure.layout.meta = {**figure.layout.meta, "narrow": [_style.wrapped(cell, 18) for cell in positions]}
    figure.update_xaxes(range=[left_end, right_end], title_text=_style.text(plot.axis), ticksuffix=plot.suffix)
    if plot.zero:
        figure.add_vline(x=0, line={"color": _style.GREY, "width": 1.5})
    figure.update_layout(showlegend=False, margin={"t": 8, "b": 56})
    return figure


def _range(plot: ForestPlot) -> tuple[float, float]:
    """The x axis: all seeds, intervals as far as they do not squeeze the seeds together, zero where it is drawn."""
    seeds = [value for row in plot.rows for value in row.points.values()] + [0.0] * plot.zero
    intervals = [row for row in plot.rows if row.has_interval]
    reach = max(max(seeds) - min(seeds), abs(max(seeds)) * 0.02, 1e-9)
    low = max(min([*(row.low for row in intervals), *seeds]), min(seeds) - reach)
    high = min(max([*(row.high for row in intervals), *seeds]), max(seeds) + reach)
    pad = 0.05 * (high - low) or reach  # one mark alone stands in the middle of its neighbourhood
    return (low - pad) * plot.scale, (high + pad) * plot.scale


def _missing(figure: go.Figure, row: CellEstimate, y: float, look: _style.Look, left_end: float) -> None:
    figure.add_scatter(
        x=[left_end], y=[y], mode="markers+text", text=["  no result"], textposition="middle right",
        hovertext=[row.hover], hovertemplate=HOVER, showlegend=False,
        marker={"symbol": f"{look.symbol}-open", "size": 11, "color": look.colour, "line": {"width": 2}},
    )  # fmt: skip


def _row(figure: go.Figure, row: CellEstimate, y: float, look: _style.Look, scale: float) -> None:
    if row.has_interval:
        ends = ((row.low * scale, y), (row.high * scale, y))
        _marks.interval(figure, ends, _style.tint(look.colour, 0.45), 5)
    values: Sequence[float] = [value * scale for value in row.points.values()]
    hovers = list(row.hovers.values())
    _marks.seeds(figure, PlottedPoints(values, [y + 0.2] * len(values), hovers), _marks.seed_marker(look, 5, 0.75))
    marker = {"symbol": look.symbol, "size": 10, "color": look.colour}
    _marks.seeds(figure, PlottedPoints([row.mean * scale], [y], [row.hover]), marker)
