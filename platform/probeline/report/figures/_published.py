"""Published values as hollow marks on an axis of their own: shapes are compared, absolute numbers are not."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from probeline.experiment.references import References
from probeline.report.figures import _style
from probeline.report.figures._marks import HOVER, hollow
from probeline.report.figures._style import GREY, Look
from probeline.report.results.axis_values import shown
from probeline.report.results.cells import CellResult
from probeline.report.results.layout import ReportLayout, line_name
from probeline.report.results.metrics import PERCENT, Metric
from probeline.report.results.published_matching import Match, correspondence
from probeline.report.results.rank_correlation import sentence
from probeline.report.results.references import Published


@dataclass(frozen=True)
class PublishedPoint:
    """One published value where our cells are; `line` is None where no line of ours corresponds."""

    id: str
    line: str | None
    x: Any  # of the axis that runs along, None where the value has none
    value: float  # as this project stores it
    cells: tuple[str, ...]
    hover: str


@dataclass(frozen=True)
class PublishedPoints:
    """What the papers print beside a figure, and the words around it."""

    points: tuple[PublishedPoint, ...]
    agreement: str  # the sentence on the order of cells
    notes: tuple[str, ...]
    datasets: tuple[str, ...]


def published_points(
    references: References | None, metric: str, results: Sequence[CellResult], layout: ReportLayout
) -> PublishedPoints | None:
    """The published values of a metric beside our cells; None where no references are asked for."""
    beside = correspondence(references, metric, results)
    if beside is None:
        return None
    lines = {cell.label: cell.line for cell in results}
    points = tuple(_point(match, lines, layout) for match in beside.matches)
    return PublishedPoints(points, sentence(beside, results), beside.notes, beside.datasets)


def _point(match: Match, lines: dict[str, str], layout: ReportLayout) -> PublishedPoint:
    x = None if layout.x is None else match.at.get(layout.x)
    value, cells = match.published.fraction, tuple(match.cells)
    return PublishedPoint(match.published.id, _line(match, lines, layout), x, value, cells, hover(match))


def _line(match: Match, lines: dict[str, str], layout: ReportLayout) -> str | None:
    named = [lines[label] for label in match.cells]
    if named:
        return named[0]
    wanted = line_name(layout.line, match.at[layout.line]) if layout.line in match.at else None
    return wanted if wanted in layout.labels else None


def hover(match: Match) -> str:
    """What the paper printed where our cells are."""
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


def caption(published: PublishedPoints | None, axis: bool = True) -> str:
    """The words under a figure that has published values; empty where it has none."""
    if published is None:
        return ""
    if not published.points:
        return f" {published.agreement}"
    return caption_of(published.datasets, published.notes, published.agreement, axis)


def caption_of(datasets: Sequence[str], notes: Sequence[str], agreement: str, axis: bool = True) -> str:
    """The words on hollow marks; `axis`: whether they have one of their own."""
    words = f" Hollow marks are published, on {' and '.join(datasets)}"
    words += ", and belong to the right-hand axis: compare shapes, not heights." if axis else "; compare their order."
    words += "".join(f" Matched {note}." for note in notes)
    return f"{words} {agreement}".rstrip()


@dataclass(frozen=True)
class SecondAxis:
    """Where published values stand beside ours.

    Args:
        position: A point -> its x, or None to leave it out.
        ours: Our lowest and highest mean; the axis is stretched so that the paper's span is as high.
        edges: The ends of our own y axis.
        looks: Of our lines.
    """

    position: Callable[[PublishedPoint], float | None]
    ours: tuple[float, float]
    edges: tuple[float, float]
    looks: Mapping[str, Look]


def overlay(figure: go.Figure, published: PublishedPoints | None, second: SecondAxis, metric: Metric) -> None:
    """Draw the points against a second y axis."""
    placed = [
        (x, point) for point in (published.points if published else ()) if (x := second.position(point)) is not None
    ]
    if published is None or not placed:
        return
    for line in dict.fromkeys(point.line for _, point in placed):
        group = sorted(((x, point) for x, point in placed if point.line == line), key=lambda one: one[0])
        look = second.looks.get(line or "", Look(GREY, "circle"))
        figure.add_scatter(
            x=[x for x, _ in group], y=[point.value * metric.scale for _, point in group], yaxis="y2",
            mode="lines+markers" if line else "markers",
            name=f"{_style.text(line, 34)}, published" if line else "published",
            marker=hollow(look), line={"color": look.colour, "width": 1, "dash": "dot"},
            hovertext=[point.hover for _, point in group], hovertemplate=HOVER,
            legendgroup=f"{_style.text(line or '', 200)} published",
        )  # fmt: skip
    values = [point.value for _, point in placed]
    low, high = stretched((min(values), max(values)), second.ours, second.edges)
    figure.update_layout(
        yaxis2={
            "overlaying": "y", "side": "right", **_ticks(low, high, metric),
            "range": [low * metric.scale, high * metric.scale], "showgrid": False,
            "title": {"text": _style.text(f"published, {published.datasets[0]}", 40)},
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
    span, height = ours[1] - ours[0], edges[1] - edges[0]
    reach = theirs[1] - theirs[0]
    if span < 0.05 * height or reach == 0:  # ours is flat: theirs in the middle half
        pad = reach / 2 or abs(theirs[0]) * 0.05 or 1.0
        return theirs[0] - pad, theirs[1] + pad
    unit = reach / span
    return theirs[0] - (ours[0] - edges[0]) * unit, theirs[1] + (edges[1] - ours[1]) * unit
