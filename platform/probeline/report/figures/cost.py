"""What each cell cost: seconds, samples per second, parameters, peak memory; a panel each."""

from dataclasses import dataclass

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _marks, _style
from probeline.report.figures._marks import PlottedPoints, TraceGroup
from probeline.report.figures._panels import axis, key, panels
from probeline.report.figures._style import Look
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases

ROW, BAR = 36, 0.26  # px of a row; height of its bar, as a share of the row
MAX_SEEDS = 4_000  # that are marked one by one, over all panels; past that they only make the page heavy
SHOWN = ("cost/train_seconds", "cost/images_per_second", "cost/peak_memory_bytes", "cost/parameters")


class Config(Settings):
    """`metrics`: the costs to draw, by name; those that no trial recorded are left out."""

    metrics: tuple[str, ...] = SHOWN
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class CellCost:
    """One cost of one cell, in stored units; `mean` is NaN where n is 0."""

    cell: str
    line: str
    n: int
    mean: float
    values: dict[int, float]  # seed -> value
    trials: dict[int, str]
    interval: str  # in words


@dataclass(frozen=True)
class CostByCell:
    """Metric -> the cells in the plan's order, for each cost that some trial recorded."""

    labels: tuple[str, ...]
    costs: dict[str, tuple[CellCost, ...]]


def prepare(results: Results, config: Config) -> CostByCell:
    """Each recorded cost of every cell. Raises NothingToDraw."""
    layout = results.layout(config.x, config.line)
    costs = {
        name: tuple(
            CellCost(
                cell.label, cell.line, cell.estimate.n, cell.estimate.mean, cell.values, cell.trials,
                phrases.interval(cell.estimate, metric(name)),
            )
            for cell in results.cells(name, layout)
        )
        for name in config.metrics
        if name in results.metrics
    }  # fmt: skip
    if not costs:
        raise NothingToDraw("No trial has recorded its cost.")
    return CostByCell(layout.labels, costs)


def draw(info: CostByCell) -> go.Figure:
    """A panel a cost."""
    looks = _style.style(info.labels)
    titles = [_style.text(metric(name).title) + _unit(name) for name in info.costs]
    heights = [ROW * len(cells) for cells in info.costs.values()]
    marked = sum(cell.n for cells in info.costs.values() for cell in cells) <= MAX_SEEDS
    caption = (
        f"Bars are means over seeds{', small marks seeds' if marked else ''}. Seconds depend on the machine named "
    )
    caption += "under provenance."
    figure = panels(titles, heights, "Cost by cell", caption)
    for i, (name, cells) in enumerate(info.costs.items()):
        described = metric(name)
        _bars(figure, i, cells, looks, described)
        if marked:
            _seeds(figure, i, cells, looks, described)
        most = max(value for cell in cells for value in cell.values.values()) * described.scale
        figure.layout[key("x", i)].update(range=[0, (most or 1) * 1.04], showgrid=False, nticks=5)
        figure.layout[key("y", i)].update(
            range=[len(cells) - 0.45, -0.55], showticklabels=False, ticks="", showgrid=False
        )
    figure.update_layout(showlegend=False, margin={"l": 8, "r": 16}, meta={**figure.layout.meta, "left": 8})
    return figure


def _unit(name: str) -> str:
    unit = metric(name).unit
    return f", {'millions' if unit == 'M' else unit}" if unit else ""


def _bars(
    figure: go.Figure, panel: int, cells: tuple[CellCost, ...], looks: dict[str, Look], described: Metric
) -> None:
    """Thin bars with their words above, so that long names need no margin; without a value, the words alone."""
    figure.add_scatter(
        x=[0] * len(cells), y=[y - 0.18 for y in range(len(cells))], mode="text", textposition="middle right",
        text=[f"{_style.text(cell.cell, 34)}  <b>{described.text(cell.mean)}</b>" for cell in cells],
        textfont={"size": 12}, hoverinfo="skip", xaxis=axis("x", panel), yaxis=axis("y", panel), showlegend=False,
    )  # fmt: skip
    full = [(y, cell) for y, cell in enumerate(cells) if cell.n]
    points = PlottedPoints(
        [cell.mean * described.scale for _, cell in full],
        [y + 0.2 for y, _ in full],
        [_hover(cell, described) for _, cell in full],
    )
    colours = [_style.tint(looks[cell.line].colour, 0.55) for _, cell in full]
    _marks.lying_bars(figure, points, colours, BAR, TraceGroup(panel))


def _seeds(
    figure: go.Figure, panel: int, cells: tuple[CellCost, ...], looks: dict[str, Look], described: Metric
) -> None:
    """One trace for the seeds of all bars."""
    rows = [(y + 0.2, cell, looks[cell.line], _hover(cell, described)) for y, cell in enumerate(cells)]
    marks = [
        (value * described.scale, y, look, hover) for y, cell, look, hover in rows for value in cell.values.values()
    ]
    points = PlottedPoints(
        [x for x, _, _, _ in marks], [y for _, y, _, _ in marks], [hover for _, _, _, hover in marks]
    )
    looks_of = [look for _, _, look, _ in marks]
    marker = {"symbol": [look.symbol for look in looks_of], "color": [look.colour for look in looks_of], "size": 5}
    _marks.seeds(figure, points, marker, TraceGroup(panel))


def _hover(cell: CellCost, metric: Metric) -> str:
    level = f"{metric.text(cell.mean)} ({cell.interval})"
    return _style.hover(f"<b>{_style.text(cell.cell)}</b>", level, _style.identities(cell.trials))
