"""Marks that figures share: seeds, means, bars, intervals, bands, and cells without a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from probeline.report.figures import _style
from probeline.report.figures._panels import axis
from probeline.report.figures._style import Look

HOVER = "%{hovertext}<extra></extra>"
"""The hover template of a trace whose points have texts of their own."""


@dataclass(frozen=True)
class PlottedPoints:
    """Positions in the units of the axes; `hovers`: safe text, one a point."""

    x: Sequence[Any]
    y: Sequence[Any]
    hovers: Sequence[str]


@dataclass(frozen=True)
class TraceGroup:
    """The panel that a trace is drawn in, and the legend's group of traces that are hidden together."""

    panel: int | None = None  # None: the only one
    name: str | None = None
    legend: str | None = None
    in_legend: bool | None = False  # None: where the figure has a legend

    @property
    def options(self) -> dict[str, Any]:
        """The trace's properties."""
        axes = (None, None) if self.panel is None else (axis("x", self.panel), axis("y", self.panel))
        return {
            "xaxis": axes[0], "yaxis": axes[1], "name": self.name, "legendgroup": self.legend,
            "showlegend": self.in_legend,
        }  # fmt: skip


ALONE = TraceGroup()


def seeds(figure: go.Figure, points: PlottedPoints, marker: dict[str, Any], group: TraceGroup = ALONE) -> None:
    """Small marks in one trace: plotly spends milliseconds on a trace, whatever it holds."""
    if len(points.x):
        figure.add_scatter(
            x=points.x, y=points.y, mode="markers", marker=marker, hovertext=points.hovers, hovertemplate=HOVER,
            **group.options,
        )  # fmt: skip


def seed_marker(look: Look, size: float, alpha: float) -> dict[str, Any]:
    """The marker of one line's seeds; `size` in px."""
    return {"symbol": look.symbol, "size": size, "color": _style.tint(look.colour, alpha)}


def line(figure: go.Figure, points: PlottedPoints, look: Look, size: float, group: TraceGroup) -> None:
    """A line through means, broken where y is None; `size` of its marks in px."""
    figure.add_scatter(
        x=points.x, y=points.y, mode="lines+markers", line={"color": look.colour, "width": 2},
        marker={"symbol": look.symbol, "size": size, "color": look.colour}, hovertext=points.hovers,
        hovertemplate=HOVER, **group.options,
    )  # fmt: skip


def interval(
    figure: go.Figure,
    ends: tuple[tuple[float | None, float], tuple[float | None, float]],
    colour: str,
    width: float,
    group: TraceGroup = ALONE,
) -> None:
    """A straight bar from one end (x, y) to the other; `width` in px."""
    figure.add_scatter(
        x=[x for x, _ in ends], y=[y for _, y in ends], mode="lines", line={"color": colour, "width": width},
        hoverinfo="skip", **group.options,
    )  # fmt: skip


def band(
    figure: go.Figure, x: Sequence[Any], low: Sequence[float], high: Sequence[float], fill: str, group: TraceGroup
) -> None:
    """Intervals of neighbouring positions as one surface of colour `fill`."""
    figure.add_scatter(
        x=[*x, *reversed(x)], y=[*low, *reversed(high)], mode="lines", line={"width": 0}, fill="toself",
        fillcolor=fill, hoverinfo="skip", **group.options,
    )  # fmt: skip


def bars(
    figure: go.Figure, points: PlottedPoints, colour: str, width: float, group: TraceGroup, hatch: str = ""
) -> None:
    """Upright bars from zero; `width` in units of the x axis."""
    figure.add_bar(
        x=points.x, y=points.y, width=width, hovertext=points.hovers, hovertemplate=HOVER,
        marker={"color": colour, "line": {"width": 0}, "pattern": {"shape": hatch, "size": 7}}, **group.options,
    )  # fmt: skip


def lying_bars(
    figure: go.Figure, points: PlottedPoints, colour: str | list[str], width: float, group: TraceGroup
) -> None:
    """Bars from zero to the right; `width` in units of the y axis."""
    figure.add_bar(
        x=points.x, y=points.y, width=width, orientation="h", hovertext=points.hovers, hovertemplate=HOVER,
        marker={"color": colour, "line": {"width": 0}}, **group.options,
    )  # fmt: skip


def missing(figure: go.Figure, points: PlottedPoints, look: Look, size: float, group: TraceGroup) -> None:
    """Open marks of cells without a result, at the edge of the plot; `size` in px."""
    figure.add_scatter(
        x=points.x, y=points.y, mode="markers", cliponaxis=False, hovertext=points.hovers, hovertemplate=HOVER,
        marker={"symbol": f"{look.symbol}-open", "size": size, "color": look.colour, "line": {"width": 2}},
        **group.options,
    )  # fmt: skip


def missing_bar(figure: go.Figure, position: float, hover: str) -> None:
    """A dash on the axis in the place of a bar without a result."""
    figure.add_scatter(
        x=[position], y=[0], mode="text", text=["—"], textposition="top center", hovertext=[hover],
        hovertemplate=HOVER, showlegend=False,
    )  # fmt: skip


def hollow(look: Look) -> dict[str, Any]:
    """The marker of a published value."""
    return {"symbol": f"{look.symbol}-open", "size": 9, "color": look.colour, "line": {"width": 1.6}}
