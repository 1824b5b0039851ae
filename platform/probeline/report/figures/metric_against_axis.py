"""A metric against an axis: a line a method, seeds as points, 95% intervals as bands, arms dashed, the paper hollow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import plotly.graph_objects as go
from pydantic import Field

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _end_labels, _marks, _published, _style
from probeline.report.figures._estimates import axis_title, interval_ends
from probeline.report.figures._marks import PlottedPoints, TraceGroup
from probeline.report.figures._positions import MAX_BANDS, NO_BANDS, positions, reach
from probeline.report.figures._published import PublishedPoints
from probeline.report.figures._style import Look
from probeline.report.results.axis_values import short, shown
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import PERCENT, Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases

HEIGHT = 460  # px
DODGE = 0.022  # of the x range, between neighbouring lines, so that seeds do not hide seeds
CROWD = 12  # lines; the seeds of more hide the means


class Config(Settings):
    """`x` and `line` are axes; left out, the first numeric axis with several values and the first other axis."""

    metric: str | None = None
    x: str | None = None
    line: str | None = None
    references: References | None = None
    where: dict[str, Any] = Field(default_factory=dict, description="Only cells with these values of axes.")


@dataclass(frozen=True)
class CellOnAxis:
    """One cell, in stored units; `position` and `x` are None for what has no value on the axis, such as an arm.

    `position` is where x is drawn: log2 where values span a factor of 4 or more, in equal steps where they are words.
    """

    cell: str
    line: str
    x: Any
    position: float | None
    n: int
    mean: float
    low: float  # NaN where there is no interval
    high: float
    values: dict[int, float]  # seed -> value
    trials: dict[int, str]
    missing: tuple[str, ...]
    interval: str  # in words


@dataclass(frozen=True)
class MetricAgainstAxis:
    """A row a cell, in the plan's order."""

    metric: str
    x: str
    x_values: tuple[Any, ...]
    labels: tuple[str, ...]
    where: dict[str, Any]
    cells: tuple[CellOnAxis, ...]
    published: PublishedPoints | None

    @property
    def lines(self) -> list[str]:
        """The lines that have a cell on the axis."""
        having = {cell.line for cell in self.cells if cell.position is not None}
        return [line for line in self.labels if line in having]

    @property
    def banded(self) -> bool:
        """Whether there are few enough lines for their intervals."""
        return len(self.labels) <= MAX_BANDS

    @property
    def crowded(self) -> bool:
        """Whether there are too many lines for their seeds."""
        return len(self.lines) > CROWD


def prepare(results: Results, config: Config) -> MetricAgainstAxis:
    """Every cell with its estimate and position. Raises NothingToDraw."""
    name, results = config.metric or results.main_metric, results.matching(config.where)
    layout = results.layout(config.x, config.line)
    cells = results.cells(name, layout)
    if not any(cell.values for cell in cells):
        raise NothingToDraw(f"No trial has finished with {name} yet.")
    if layout.x is None:
        raise NothingToDraw("No axis has two numeric values to draw a line along; see the cells one by one.")
    at = positions(layout.x_values)
    on_axis = tuple(_on_axis(cell, None if cell.x is None else at[cell.x], metric(name)) for cell in cells)
    published = _published.published_points(config.references, name, cells, layout)
    return MetricAgainstAxis(name, layout.x, layout.x_values, layout.labels, config.where, on_axis, published)


def _on_axis(cell: CellResult, position: float | None, metric: Metric) -> CellOnAxis:
    result = cell.estimate
    return CellOnAxis(
        cell.label, cell.line, cell.x, position, result.n, result.mean, *interval_ends(result, metric),
        values=cell.values, trials=cell.trials, missing=cell.missing, interval=phrases.interval(result, metric),
    )  # fmt: skip


def draw(info: MetricAgainstAxis) -> go.Figure:
    """Lines with their seeds and bands; the names at their ends where there is no second axis."""
    described, looks = metric(info.metric), _style.style(info.labels)
    at = positions(info.x_values)
    first, last = min(at.values()), max(at.values())
    edges = (first - 0.12 * (last - first), last + 0.12 * (last - first))
    low, high, cut = _reach(info)
    only = "".join(f", {short(axis)} {shown(value)}" for axis, value in info.where.items())
    title = f"{described.heading} against {short(info.x)}{only}"
    figure = _style.figure(HEIGHT, title, _caption(info, cut), direct=True)
    _cells(figure, info, looks, edges, low + 0.025 * (high - low))
    ticks = {"tickvals": list(at.values()), "ticktext": [_style.text(shown(v), 12) for v in at]}
    figure.update_xaxes(range=edges, title_text=_style.text(short(info.x)), showgrid=False, **ticks)
    scaled = [value * described.scale for value in (low, high)]
    suffix = "%" if described.unit == PERCENT else ""
    figure.update_yaxes(range=scaled, ticksuffix=suffix, title_text=_style.text(axis_title(described)))
    means = [cell.mean for cell in info.cells if cell.n and cell.position is not None]
    if means:
        ours = min(means), max(means)
        second = _published.SecondAxis(lambda point: at.get(point.x), ours, (low, high), looks)
        _published.overlay(figure, info.published, second, described)
    if "yaxis2" in figure.layout:
        figure.layout.meta = {**figure.layout.meta, "direct": False}  # the paper's axis is where names would be
    else:
        _end_labels.add(figure, _ends(info), looks, (low, high), described.scale)
    return figure


def _reach(info: MetricAgainstAxis) -> tuple[float, float, bool]:
    """Bottom and top of the y axis in stored units, and whether an interval runs past them."""
    means = [cell.mean for cell in info.cells if cell.n]
    seeds = means if info.crowded else [value for cell in info.cells for value in cell.values.values()]
    if not info.banded:
        return reach(seeds, (), ())
    return reach(seeds, [cell.low for cell in info.cells], [cell.high for cell in info.cells])


def _caption(info: MetricAgainstAxis, cut: bool) -> str:
    caption = "Small marks are seeds, large marks their mean"
    caption += ", bands its 95% interval." if info.banded else f". {NO_BANDS}"
    if info.crowded:
        caption = f"Means over seeds. Those and the intervals of {len(info.lines)} lines would hide each other: they "
        caption += "are on hover and in the table."
    caption += " Dashed: what has no place on the axis." * any(cell.position is None for cell in info.cells)
    caption += " Open marks at the bottom: cells without a result." * any(cell.n == 0 for cell in info.cells)
    caption += " Intervals that run past the axis are cut; the hover text and the table have them." * cut
    return caption + _published.caption(info.published)


def _cells(
    figure: go.Figure, info: MetricAgainstAxis, looks: dict[str, Look], edges: tuple[float, float], floor: float
) -> None:
    """All lines, side by side so that their seeds do not hide each other; arms across the whole axis."""
    at, described = positions(info.x_values), metric(info.metric)
    span = max(at.values()) - min(at.values())
    dodge = min(DODGE * span, 0.4 * min(np.diff(sorted(at.values()))) / len(info.labels))
    lines = info.lines
    for line in dict.fromkeys(cell.line for cell in info.cells):
        group = [replace(c, values={}) if info.crowded else c for c in info.cells if c.line == line]
        if line in lines:
            shift = (lines.index(line) - (len(lines) - 1) / 2) * dodge
            _line(figure, _shifted(group, shift), looks[line], described, floor, info.banded)
        else:
            _arm(figure, group[0], looks[line], edges, described, info.banded)


def _shifted(cells: Sequence[CellOnAxis], shift: float) -> list[CellOnAxis]:
    """From left to right; what has no position is last."""
    moved = [replace(cell, position=None if cell.position is None else cell.position + shift) for cell in cells]
    return sorted(moved, key=_from_left)


def _from_left(cell: CellOnAxis) -> float:
    return math.inf if cell.position is None else cell.position


def _line(figure: go.Figure, cells: list[CellOnAxis], look: Look, metric: Metric, floor: float, banded: bool) -> None:
    line, name = cells[0].line, _style.text(cells[0].line, 40)
    shared = TraceGroup(legend=_style.text(line, 200))
    for has_interval, run in groupby(cells, lambda cell: not math.isnan(cell.low)):
        if has_interval and banded:
            _band(figure, list(run), look.colour, metric, shared)
    done = [cell for cell in cells if cell.n]
    _seeds(figure, [cell.position for cell in done for _ in range(cell.n)], done, look, metric, shared)
    gaps = [cell for cell in cells if not cell.n]
    if gaps:
        points = PlottedPoints(
            [cell.position for cell in gaps],
            [floor * metric.scale] * len(gaps),
            [_hover(cell, metric) for cell in gaps],
        )
        _marks.missing(figure, points, look, 11, replace(shared, name=name))
    means = [None if cell.n == 0 else cell.mean * metric.scale for cell in cells]
    points = PlottedPoints([cell.position for cell in cells], means, [_hover(cell, metric) for cell in cells])
    _marks.line(figure, points, look, 9, replace(shared, name=name, in_legend=None))


def _band(figure: go.Figure, run: list[CellOnAxis], colour: str, metric: Metric, group: TraceGroup) -> None:
    """The interval over neighbouring cells; over one alone a band has no width, so it is a bar."""
    x, low, high = [c.position for c in run], [c.low * metric.scale for c in run], [c.high * metric.scale for c in run]
    if len(run) == 1:
        _marks.interval(figure, ((x[0], low[0]), (x[0], high[0])), _style.tint(colour, 0.45), 5, group)
    else:
        _marks.band(figure, x, low, high, _style.tint(colour, 0.14), group)


def _arm(
    figure: go.Figure, cell: CellOnAxis, look: Look, edges: tuple[float, float], metric: Metric, banded: bool
) -> None:
    """A dashed line across the axis, its seeds near the right end."""
    name, shared = _style.text(cell.line, 40), TraceGroup(legend=_style.text(cell.line, 200))
    if cell.n == 0:
        dashed = {"color": look.colour, "dash": "dash"}
        figure.add_scatter(x=[None], y=[None], mode="lines", name=f"{name} (no result)", line=dashed)
        return
    if banded and not math.isnan(cell.low) and cell.high > cell.low:
        low, high = cell.low * metric.scale, cell.high * metric.scale
        _marks.band(figure, edges, [low] * 2, [high] * 2, _style.tint(look.colour, 0.10), shared)
    position = edges[1] - 0.03 * (edges[1] - edges[0])
    _seeds(figure, [position] * cell.n, [cell], look, metric, shared)
    along = np.linspace(edges[0], edges[1], 41).tolist()  # points to hover on all along
    figure.add_scatter(
        x=along, y=[cell.mean * metric.scale] * len(along), mode="lines", name=name, legendgroup=shared.legend,
        line={"color": look.colour, "width": 1.6, "dash": "dash"}, hovertext=[_hover(cell, metric)] * len(along),
        hovertemplate=_marks.HOVER,
    )  # fmt: skip


def _seeds(
    figure: go.Figure, x: Sequence[Any], cells: Sequence[CellOnAxis], look: Look, metric: Metric, group: TraceGroup
) -> None:
    hovers = [
        f"{_style.text(cell.cell)}, seed {seed}: <b>{metric.text(value)}</b><br>trial {_style.text(cell.trials[seed])}"
        for cell in cells
        for seed, value in cell.values.items()
    ]
    values = [value * metric.scale for cell in cells for value in cell.values.values()]
    if values:
        _marks.seeds(figure, PlottedPoints(x, values, hovers), _marks.seed_marker(look, 5, 0.65), group)


def _hover(cell: CellOnAxis, metric: Metric) -> str:
    heading = f"<b>{_style.text(cell.cell)}</b>"
    result = f"{metric.text(cell.mean)} {_style.text(metric.title)}" if cell.n else "no result"
    missing = (_style.text(why) for why in cell.missing[:6])
    return _style.hover(heading, result, cell.interval, _style.identities(cell.trials), *missing)


def _ends(info: MetricAgainstAxis) -> dict[str, float]:
    """Line -> its last mean."""
    last: dict[str, float] = {}
    for cell in sorted((cell for cell in info.cells if cell.n), key=_from_left):
        last.pop(cell.line, None)
        last[cell.line] = cell.mean
    return last
