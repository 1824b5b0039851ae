"""Published values as hollow marks on an axis of their own: shapes are compared, absolute numbers are not."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from probeline.experiment.references import References
from probeline.report.figures import _style
from probeline.report.results.cells import CellResult, ReportLayout, line_name, shown
from probeline.report.results.metrics import PERCENT, Metric
from probeline.report.results.published_matching import Match, correspondence
from probeline.report.results.references import Published
from probeline.report.statistics.rank_correlation import sentence


def points(
    references: References | None, metric: str, results: Sequence[CellResult], shape: ReportLayout
) -> dict[str, Any]:
    """What a frame's attrs hold of the paper: points with line, x, value and hover, and the words around them.

    A point without a line of ours has the line None. Empty where no references are asked for or none fits.
    """
    beside = correspondence(references, metric, results)
    if beside is None:
        return {}
    lines = {cell.label: cell.line for cell in results}
    matched = [
        {
            "id": match.published.id,
            "line": _line(match, lines, shape),
            "x": None if shape.x is None else match.at.get(shape.x),
            "value": match.published.fraction,
            "cells": list(match.cells),
            "hover": hover(match),
        }
        for match in beside.matches
    ]
    return {
        "points": matched,
        "agreement": sentence(beside, results),
        "notes": beside.notes,
        "datasets": beside.datasets,
    }


def _line(match: Match, lines: dict[str, str], shape: ReportLayout) -> str | None:
    named = [lines[label] for label in match.cells]
    if named:
        return named[0]
    wanted = line_name(shape.line, match.at[shape.line]) if shape.line in match.at else None
    return wanted if wanted in shape.labels else None


def hover(match: Match) -> str:
    """What the paper printed where our cells stand."""
    return printed(match.published)


def printed(point: Published) -> str:
    """What the paper printed, where, how sure it is, and with which settings."""
    unit = "%" if point.unit == "percent" else f" {point.unit}"
    varied = ", ".join(f"{key} {shown(value)}" for key, value in list(point.setup.items())[:8])
    return _style.hover(
        f"<b>published: {point.value:g}{_style.text(unit, 12)}</b>",
        *(_style.text(line, 110) for line in point.words()),
        _style.text(varied, 110),
        _style.text(f"id {point.id}"),
    )


def caption(attrs: dict[str, Any], axis: bool = True) -> str:
    """The words under a figure that has published values; empty where it has none."""
    published = attrs.get("published") or {}
    if not published.get("points"):
        return f" {published['agreement']}" if published else ""
    where = " and ".join(published["datasets"])
    words = f" Hollow marks are published, on {where}"
    words += ", and belong to the right-hand axis: compare shapes, not heights." if axis else "; compare their order."
    words += "".join(f" Matched {note}." for note in published["notes"])
    return f"{words} {published['agreement']}".rstrip()


def overlay(
    figure: go.Figure,
    attrs: dict[str, Any],
    position: Callable[[dict], float | None],
    ours: tuple[float, float],
    edges: tuple[float, float],
    metric: Metric,
) -> None:
    """Draw the points against a second y axis.

    `position`: point -> its x, or None to leave it out; `ours`: our lowest and highest mean; `edges`: of our axis. The
    second axis is stretched so that the paper's span stands as high as ours.
    """
    published = [{**point, "x_position": position(point)} for point in (attrs.get("published") or {}).get("points", ())]
    published = [point for point in published if point["x_position"] is not None]
    if not published:
        return
    looks = _style.style(attrs["labels"])
    for line in dict.fromkeys(point["line"] for point in published):
        group = sorted((p for p in published if p["line"] == line), key=lambda p: p["x_position"])
        colour, symbol = looks.get(line, (_style.GREY, "circle"))
        figure.add_scatter(
            x=[p["x_position"] for p in group], y=[p["value"] * metric.scale for p in group], yaxis="y2",
            mode="lines+markers" if line else "markers",
            name=f"{_style.text(line, 34)}, published" if line else "published",
            marker={"symbol": f"{symbol}-open", "size": 9, "color": colour, "line": {"width": 1.6}},
            line={"color": colour, "width": 1, "dash": "dot"}, hovertext=[p["hover"] for p in group],
            hovertemplate="%{hovertext}<extra></extra>", legendgroup=f"{_style.text(line or '', 200)} published",
        )  # fmt: skip
    values = [point["value"] for point in published]
    low, high = stretched((min(values), max(values)), ours, edges)
    figure.update_layout(
        yaxis2={
            "overlaying": "y", "side": "right", **_ticks(low, high, metric),
            "range": [low * metric.scale, high * metric.scale], "showgrid": False,
            "title": {"text": _style.text(f"published, {attrs['published']['datasets'][0]}", 40)},
        }
    )  # fmt: skip


def _ticks(low: float, high: float, metric: Metric) -> dict[str, Any]:
    """Round values between the ends, at most 6; of a share none below 0 or above 100%, where the axis goes further."""
    if metric.unit != PERCENT:
        return {"tickmode": "auto", "tickformat": ".4~g"}
    low, high = low * metric.scale, high * metric.scale
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= (high - low) / 5)
    first, last = math.ceil(max(low, 0) / step), math.floor(min(high, 100) / step)
    ticks = [round(step * k, 10) for k in range(first, last + 1)]
    return {"tickmode": "array", "tickvals": ticks, "ticktext": [f"{tick:g}%" for tick in ticks]}


def stretched(theirs: tuple[float, float], ours: tuple[float, float], edges: tuple[float, float]) -> tuple:
    """The second axis's ends: theirs fills it as ours fills the first."""
    span, room = ours[1] - ours[0], edges[1] - edges[0]
    reach = theirs[1] - theirs[0]
    if span < 0.05 * room or reach == 0:  # ours is flat: theirs in the middle half
        pad = reach / 2 or abs(theirs[0]) * 0.05 or 1.0
        return theirs[0] - pad, theirs[1] + pad
    unit = reach / span
    return theirs[0] - (ours[0] - edges[0]) * unit, theirs[1] + (edges[1] - ours[1]) * unit
