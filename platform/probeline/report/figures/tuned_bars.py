"""The best tuned cell of each value of an axis as bars: losses at their best settings (SimCLR, table 4)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _marks, _published, _style
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.figures._marks import ALONE, PlottedPoints
from probeline.report.figures._published import PublishedPoint, PublishedPoints
from probeline.report.results.axis_values import short, shown
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import PERCENT, Metric, metric
from probeline.report.results.results import Results

HEIGHT = 420
SELECT = "validation_top1"
COLOUR = _style.PALETTE[0]


class Config(Settings):
    """`over` is the axis with a bar a value; `select` the metric by which its cell is chosen.

    `select` left out is the validation accuracy of the metric's own protocol: chosen by test labels, the best of many
    cells looks better than it is.
    """

    metric: str | None = None
    over: str | None = None
    select: str | None = None
    references: References | None = None


@dataclass(frozen=True)
class TunedBar:
    """The cell chosen for one value of the axis, of `candidates` cells; `settings`: what was tuned, in words."""

    value: str
    candidates: int
    settings: str
    estimate: CellEstimate


@dataclass(frozen=True)
class TunedBars:
    """A bar a value of `over`, in the spec's order; `select`: the metric that chose."""

    metric: str
    over: str
    select: str
    bars: tuple[TunedBar, ...]
    published: PublishedPoints | None

    @property
    def tuned(self) -> bool:
        """Whether there was anything to choose from."""
        return max(bar.candidates for bar in self.bars) > 1


def prepare(results: Results, config: Config) -> TunedBars:
    """The best cell of each value. Raises NothingToDraw."""
    name = config.metric or results.main_metric
    over = config.over if config.over in results.axes else next(iter(results.varying), None)
    if over is None:
        raise NothingToDraw("No axis has two values to compare as bars.")
    select = config.select or f"{name.partition('/')[0]}/{SELECT}"
    by = select if select in results.trials and results.trials[select].notna().any() else name
    if not metric(by).ranked:
        raise NothingToDraw(f"{by} has no direction, so it chooses no cell (`select` names another metric).")
    layout = results.layout(None, over)
    cells = [cell for cell in results.cells(name, layout) if over in cell.coordinates]
    scores = {cell.label: cell.estimate.mean for cell in results.cells(by, layout)}
    groups = [[c for c in cells if shown(c.coordinates[over]) == shown(value)] for value in results.values[over]]
    chosen = [(_best(group, scores, by), len(group)) for group in groups]
    if not any(cell.values for cell, _ in chosen):
        raise NothingToDraw(f"No trial has finished with {name} yet.")
    published = _published.published_points(config.references, name, [cell for cell, _ in chosen], layout)
    return TunedBars(name, over, by, tuple(_bar(cell, over, count, name) for cell, count in chosen), published)


def _best(group: Sequence[CellResult], scores: dict[str, float], by: str) -> CellResult:
    sign = -1 if metric(by).direction == "lower" else 1
    ranked = sorted(group, key=lambda c: -math.inf if math.isnan(scores[c.label]) else sign * scores[c.label])
    return ranked[-1]


def _bar(cell: CellResult, over: str, candidates: int, name: str) -> TunedBar:
    settings = ", ".join(f"{short(axis)} {shown(value)}" for axis, value in cell.coordinates.items() if axis != over)
    return TunedBar(shown(cell.coordinates[over]), candidates, settings, cell_estimate(cell, metric(name)))


def draw(info: TunedBars) -> go.Figure:
    """Bars with their seeds; the paper's values beside them on a second axis."""
    described, over = metric(info.metric), short(info.over)
    title = f"{described.heading} by {over}{', tuned' if info.tuned else ''}"
    figure = _style.figure(HEIGHT, title, _caption(info))
    estimates = [bar.estimate for bar in info.bars]
    highest = [e.high for e in estimates if e.has_interval] + [v for e in estimates for v in e.points.values()]
    top = max(highest) * 1.05
    for position, estimate in enumerate(estimates):
        _draw_bar(figure, position, estimate, described)
    suffix = "%" if described.unit == PERCENT else ""
    figure.update_yaxes(range=[0, top * described.scale], title_text=_style.text(described.title), ticksuffix=suffix)
    figure.update_xaxes(
        tickvals=list(range(len(info.bars))), ticktext=[_ticks(bar) for bar in info.bars], showgrid=False,
        range=[-0.6, len(info.bars) - 0.4],
    )  # fmt: skip
    _overlay(figure, info, top, described)
    figure.update_layout(showlegend=False)
    return figure


def _caption(info: TunedBars) -> str:
    caption = "Bars are means over seeds with their 95% interval, small marks seeds."
    if info.tuned:
        caption += f" Each {short(info.over)} stands at the settings with the best {metric(info.select).title}"
        fair = info.select != info.metric
        caption += "." if fair else ", which is what is shown: the best of several looks better than it is."
    caption += " A dash: no result." * any(bar.estimate.n == 0 for bar in info.bars)
    return caption + _published.caption(info.published)


def _overlay(figure: go.Figure, info: TunedBars, top: float, metric: Metric) -> None:
    """The paper's values; bars are no lines, so they are one grey set of marks."""
    if info.published is None:
        return
    positions = {bar.estimate.cell: position for position, bar in enumerate(info.bars)}

    def position_of(point: PublishedPoint) -> float | None:
        at = next((positions[label] for label in point.cells if label in positions), None)
        return None if at is None else at + 0.34

    points = tuple(replace(point, line=None) for point in info.published.points)
    means = [bar.estimate.mean for bar in info.bars if bar.estimate.n]
    second = _published.SecondAxis(position_of, (min(means), max(means)), (0.0, top), {})
    _published.overlay(figure, replace(info.published, points=points), second, metric)


def _ticks(bar: TunedBar) -> str:
    return _style.wrapped(bar.value, 16) + (f"<br>{_style.wrapped(bar.settings, 20, 3)}" if bar.settings else "")


def _draw_bar(figure: go.Figure, position: int, estimate: CellEstimate, metric: Metric) -> None:
    if estimate.n == 0:
        _marks.missing_bar(figure, position, estimate.hover)
        return
    points = PlottedPoints([position], [estimate.mean * metric.scale], [estimate.hover])
    _marks.bars(figure, points, _style.tint(COLOUR, 0.5), 0.5, ALONE)
    if estimate.has_interval:
        ends = ((position, estimate.low * metric.scale), (position, estimate.high * metric.scale))
        _marks.interval(figure, ends, COLOUR, 2)
    values, hovers = [v * metric.scale for v in estimate.points.values()], list(estimate.hovers.values())
    _marks.seeds(figure, PlottedPoints([position - 0.12] * len(values), values, hovers), {"size": 5, "color": COLOUR})
