"""Rows of estimates: a mark and its interval a row, a small mark a seed. Shared by the figures that list cells."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from probeline.report.figures import _style

ROW, FRAME = 34, 76  # px: of one row, of the margins and the axis


@dataclass(frozen=True)
class Rows:
    """Words and units around the rows; `zero` draws a line at no difference."""

    title: str
    caption: str
    axis: str
    scale: float
    suffix: str = ""
    zero: bool = False


def draw(frame: pd.DataFrame, rows: Rows) -> go.Figure:
    """Columns: cell, line, mean, low, high, points (seed -> value), hover, hovers (seed -> text).

    A row without a result keeps its place, with an open mark at the axis. `frame.attrs["labels"]` fixes colours.
    """
    looks = _style.style(frame.attrs["labels"])
    figure = _style.figure(FRAME + ROW * len(frame), rows.title, rows.caption)
    places = {cell: float(i) for i, cell in enumerate(frame["cell"])}
    left_end, right_end = _range(frame, rows)
    for row in frame.itertuples():
        _row(figure, row, places[row.cell], looks[row.line], rows.scale, left_end + 0.015 * (right_end - left_end))
    figure.update_yaxes(
        range=[len(frame) - 0.5, -0.5], tickvals=list(places.values()), showgrid=False, ticks="", linewidth=0,
        ticktext=[_style.wrapped(cell, 36) for cell in places], tickfont={"size": 12},
    )  # fmt: skip
    figure.layout.meta = {**figure.layout.meta, "narrow": [_style.wrapped(cell, 18) for cell in places]}
    figure.update_xaxes(range=[left_end, right_end], title_text=_style.text(rows.axis), ticksuffix=rows.suffix)
    if rows.zero:
        figure.add_vline(x=0, line={"color": _style.GREY, "width": 1.5})
    figure.update_layout(showlegend=False, margin={"t": 8, "b": 56})
    return figure


def _range(frame: pd.DataFrame, rows: Rows) -> tuple[float, float]:
    """The x axis: all seeds, intervals as far as they do not squeeze the seeds together, zero where it is drawn."""
    seeds = [value for points in frame["points"] for value in points.values()] + [0.0] * rows.zero
    reach = max(max(seeds) - min(seeds), abs(max(seeds)) * 0.02, 1e-9)
    low = max(min([*frame["low"].dropna(), *seeds]), min(seeds) - reach)
    high = min(max([*frame["high"].dropna(), *seeds]), max(seeds) + reach)
    pad = 0.05 * (high - low) or reach  # one mark alone stands in the middle of its neighbourhood
    return (low - pad) * rows.scale, (high + pad) * rows.scale


def _row(figure: go.Figure, row: Any, y: float, look: tuple[str, str], scale: float, left_end: float) -> None:
    colour, symbol = look
    template = {"hovertemplate": "%{hovertext}<extra></extra>", "showlegend": False}
    if np.isnan(row.mean):
        figure.add_scatter(
            x=[left_end], y=[y], mode="markers+text", text=["  no result"], textposition="middle right",
            hovertext=[row.hover], **template,
            marker={"symbol": f"{symbol}-open", "size": 11, "color": colour, "line": {"width": 2}},
        )  # fmt: skip
        return
    if not np.isnan(row.low):
        figure.add_scatter(
            x=[row.low * scale, row.high * scale], y=[y, y], mode="lines", hoverinfo="skip", showlegend=False,
            line={"color": _style.tint(colour, 0.45), "width": 5},
        )  # fmt: skip
    figure.add_scatter(
        x=[value * scale for value in row.points.values()], y=[y + 0.2] * len(row.points), mode="markers",
        hovertext=list(row.hovers.values()), **template,
        marker={"symbol": symbol, "size": 5, "color": _style.tint(colour, 0.75)},
    )  # fmt: skip
    figure.add_scatter(
        x=[row.mean * scale], y=[y], mode="markers", hovertext=[row.hover], **template,
        marker={"symbol": symbol, "size": 10, "color": colour},
    )  # fmt: skip
