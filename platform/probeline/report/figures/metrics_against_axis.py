"""Several metrics against one axis, a panel each, the paper's beside it: temperature, projector width, batch size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from pydantic import Field

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _marks, _published, _style
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.figures._marks import HOVER, PlottedPoints, TraceGroup
from probeline.report.figures._panels import axis, key, panels
from probeline.report.figures._positions import MAX_BANDS, NO_BANDS, positions, reach
from probeline.report.figures._published import PublishedPoint, PublishedPoints
from probeline.report.figures._style import GREY, Look
from probeline.report.results.axis_values import short, shown
from probeline.report.results.metrics import PERCENT, Metric, metric
from probeline.report.results.results import Results

HEIGHT = 230


class Config(Settings):
    """`metrics` in the order of their panels, else the report's own; one that no trial recorded gets an empty panel."""

    metrics: tuple[str, ...] | None = Field(None, min_length=1)
    metric: str | None = Field(None, description="The one panel where `metrics` names none.")
    x: str | None = None
    line: str | None = None
    references: References | None = None


@dataclass(frozen=True)
class PanelCell:
    """One cell of the grid; `x` is None where it has no value of the axis."""

    x: Any
    estimate: CellEstimate


@dataclass(frozen=True)
class MetricPanel:
    """One metric: ours, and the paper's."""

    metric: str
    cells: tuple[PanelCell, ...]
    published: PublishedPoints | None

    @property
    def points(self) -> list[PublishedPoint]:
        """The published values that have a value of the axis."""
        return [point for point in self.published.points if point.x is not None] if self.published else []


@dataclass(frozen=True)
class MetricsAgainstAxis:
    """A panel a metric, each with the cells of the grid in the plan's order; arms are left out."""

    x: str
    x_values: tuple[Any, ...]
    labels: tuple[str, ...]
    metrics: tuple[MetricPanel, ...]

    @property
    def banded(self) -> bool:
        """Whether there are few enough lines for their intervals."""
        return len(self.labels) <= MAX_BANDS


def prepare(results: Results, config: Config) -> MetricsAgainstAxis:
    """The grid's cells for each metric. Raises NothingToDraw."""
    names = config.metrics or (config.metric or results.main_metric,)
    if not set(names) & set(results.metrics):
        raise NothingToDraw(f"No trial has finished with {', '.join(names)} yet.")
    layout = results.layout(config.x, config.line)
    if layout.x is None:
        raise NothingToDraw("No axis has two values to draw along.")
    parts = []
    for name in names:
        cells = [cell for cell in results.cells(name, layout) if not cell.arm]
        published = _published.published_points(config.references, name, cells, layout)
        ours = tuple(PanelCell(cell.x, cell_estimate(cell, metric(name))) for cell in cells)
        parts.append(MetricPanel(name, ours, published))
    return MetricsAgainstAxis(layout.x, layout.x_values, layout.labels, tuple(parts))


def draw(info: MetricsAgainstAxis) -> go.Figure:
    """A panel a metric, and one for the paper's where it has that metric."""
    looks, at = _style.style(info.labels), positions(info.x_values)
    parts = [(part, paper) for part in info.metrics for paper in (False, True) if part.points or not paper]
    titles, heading = [_title(*each) for each in parts], f"{_heading(info)} against {short(info.x)}"
    figure = panels(titles, [HEIGHT] * len(parts), heading, _caption(info))
    for panel, (part, paper) in enumerate(parts):
        described = metric(part.metric)
        if paper:
            _theirs(figure, panel, part.points, looks, at, described.scale)
        else:
            _ours(figure, panel, part, looks, at, info.banded)
            figure.layout[key("y", panel)].update(range=_ends(part, described.scale, info.banded))
        figure.layout[key("x", panel)].update(_x_axis(info, at))
        figure.layout[key("y", panel)].update(ticksuffix="%" if described.unit == PERCENT else "", nticks=6)
    columns = 2 if any(paper for _, paper in parts) else 3
    figure.update_layout(meta={**figure.layout.meta, "columns": columns, "legend": True})
    return figure


def _x_axis(info: MetricsAgainstAxis, at: dict[Any, float]) -> dict[str, Any]:
    ends = min(at.values()), max(at.values())
    pad = 0.1 * ((ends[1] - ends[0]) or 1)
    return {
        "title_text": _style.text(short(info.x)), "tickvals": list(at.values()),
        "ticktext": [_style.text(shown(v), 10) for v in at], "range": [ends[0] - pad, ends[1] + pad], "showgrid": False,
    }  # fmt: skip


def _title(part: MetricPanel, paper: bool) -> str:
    described = metric(part.metric)
    unit = f", {described.unit}" if described.unit not in ("", PERCENT) else ""
    return _style.text(described.heading, 44) + unit + (", published" if paper else "")


def _heading(info: MetricsAgainstAxis) -> str:
    first, *others = [metric(part.metric).heading for part in info.metrics]
    if len(others) > 2:
        return f"{len(others) + 1} metrics"
    return " and ".join([first, *(name[:1].lower() + name[1:] for name in others)])


def _caption(info: MetricsAgainstAxis) -> str:
    caption = "Large marks are means over seeds, small marks seeds"
    caption += ", bars 95% intervals. " if info.banded else f". {NO_BANDS} "
    caption += "Open marks at the bottom: cells without a result. Each panel has its own scale."
    if any(cell.x is None for part in info.metrics for cell in part.cells):
        caption += f" What has no {short(info.x)} stands at the right."
    for part in info.metrics:
        if part.published and part.published.points:
            caption += f" {metric(part.metric).heading}:{_published.caption(part.published, axis=False)}"
    return caption


def _ends(part: MetricPanel, scale: float, banded: bool) -> list[float] | None:
    estimates = [cell.estimate for cell in part.cells]
    seeds = [value for estimate in estimates for value in estimate.points.values()]
    lows, highs = ([e.low for e in estimates], [e.high for e in estimates]) if banded else ([], [])
    return [end * scale for end in reach(seeds, lows, highs)[:2]] if seeds else None


def _ours(
    figure: go.Figure, panel: int, part: MetricPanel, looks: dict[str, Look], at: dict[Any, float], banded: bool
) -> None:
    described, right = metric(part.metric), max(at.values())
    seeds = [value for cell in part.cells for value in cell.estimate.points.values()]
    bottom = min(seeds, default=0.0) * described.scale
    for line in dict.fromkeys(cell.estimate.line for cell in part.cells):
        placed = [(at.get(cell.x, right), cell.estimate) for cell in part.cells if cell.estimate.line == line]
        placed.sort(key=lambda one: one[0])
        group = TraceGroup(panel, _style.text(line, 36), _style.text(line, 200))
        for x, estimate in placed:
            if estimate.n:
                _cell(figure, x, estimate, looks[line], described, group, banded)
        gaps = [(x, estimate) for x, estimate in placed if not estimate.n]
        if gaps:
            hovers = [estimate.hover for _, estimate in gaps]
            _marks.missing(
                figure, PlottedPoints([x for x, _ in gaps], [bottom] * len(gaps), hovers), looks[line], 9, group
            )
        means = [estimate.mean * described.scale if estimate.n else None for _, estimate in placed]
        points = PlottedPoints([x for x, _ in placed], means, [estimate.hover for _, estimate in placed])
        _marks.line(figure, points, looks[line], 8, TraceGroup(panel, group.name, group.legend, panel == 0))


def _cell(
    figure: go.Figure, x: float, estimate: CellEstimate, look: Look, metric: Metric, group: TraceGroup, banded: bool
) -> None:
    """The seeds of one cell and its interval."""
    values = [value * metric.scale for value in estimate.points.values()]
    points = PlottedPoints([x] * estimate.n, values, list(estimate.hovers.values()))
    _marks.seeds(figure, points, _marks.seed_marker(look, 4, 0.6), group)
    if banded and estimate.has_interval:
        ends = ((x, estimate.low * metric.scale), (x, estimate.high * metric.scale))
        _marks.interval(figure, ends, _style.tint(look.colour, 0.35), 4, group)


def _theirs(
    figure: go.Figure,
    panel: int,
    points: Sequence[PublishedPoint],
    looks: dict[str, Look],
    at: dict[Any, float],
    scale: float,
) -> None:
    for line in dict.fromkeys(point.line for point in points):
        group = sorted((point for point in points if point.line == line), key=lambda point: at[point.x])
        look = looks.get(line or "", Look(GREY, "circle"))
        figure.add_scatter(
            x=[at[point.x] for point in group], y=[point.value * scale for point in group], mode="lines+markers",
            line={"color": look.colour, "width": 1, "dash": "dot"}, showlegend=False, marker=_marks.hollow(look),
            name=_style.text(line or "published"), hovertext=[point.hover for point in group], hovertemplate=HOVER,
            xaxis=axis("x", panel), yaxis=axis("y", panel),
        )  # fmt: skip
