"""Two transformations at a time: a metric for every pair as a heat map with averages (SimCLR, figure 5)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _published, _style
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.figures._marks import HOVER
from probeline.report.figures._panels import axis, key, panels
from probeline.report.figures._published import PublishedPoints
from probeline.report.results.axis_values import short, shown
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.published_matching import correspondence
from probeline.report.results.results import Results

ROW = 40  # px
AVERAGE = "average"
SEPARATOR = " then "


class Config(Settings):
    """`rows` and `columns` are axes; left out, the first two axes with several values.

    `pairs` is one axis whose labels name both, as in `crop then color`; they are then called `first` and `second`.
    """

    pairs: str | None = None
    metric: str | None = None
    rows: str | None = None
    columns: str | None = None
    references: References | None = None


@dataclass(frozen=True)
class HeatmapField:
    """The cell of one pair; `published`: what the paper prints there, NaN where it prints nothing, and its hover."""

    row: str
    column: str
    estimate: CellEstimate
    published: float
    paper: str


@dataclass(frozen=True)
class CompositionHeatmap:
    """The pairs that have a cell; `rows` and `columns` are in the spec's order, `axes` their axes."""

    metric: str
    axes: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    fields: tuple[HeatmapField, ...]
    published: PublishedPoints | None

    def square(self, value_of: Callable[[HeatmapField], float]) -> np.ndarray:
        """[rows + 1, columns + 1] with averages in the last row and column; NaN where a cell is missing.

        An average stands only where all its cells do: half a row would be compared with a whole one.
        """
        table = np.full((len(self.rows) + 1, len(self.columns) + 1), np.nan)
        for one in self.fields:
            table[self.rows.index(one.row), self.columns.index(one.column)] = value_of(one)
        table[:-1, -1] = table[:-1, :-1].mean(axis=1)
        table[-1, :-1] = table[:-1, :-1].mean(axis=0)
        table[-1, -1] = table[:-1, :-1].mean()
        return table


def prepare(results: Results, config: Config) -> CompositionHeatmap:
    """The cell of every pair. Raises NothingToDraw."""
    name = config.metric or results.main_metric
    if config.pairs in results.axes:
        results = apart(results, config.pairs)
    across = _axes(results, config)
    layout = results.layout(across[1], across[0])
    cells = [cell for cell in results.cells(name, layout) if all(one in cell.coordinates for one in across)]
    if not any(cell.values for cell in cells):
        raise NothingToDraw(f"No trial has finished with {name} yet.")
    beside = correspondence(config.references, name, cells)
    paper = {label: match for match in (beside.matches if beside else ()) for label in match.cells}
    fields = []
    for cell in cells:
        match, at = paper.get(cell.label), [shown(cell.coordinates[one]) for one in across]
        value, words = (match.published.fraction, _published.hover(match)) if match else (math.nan, "")
        fields.append(HeatmapField(at[0], at[1], cell_estimate(cell, metric(name)), value, words))
    rows, columns = (tuple(map(shown, results.values[one])) for one in across)
    published = _published.published_points(config.references, name, cells, layout)
    return CompositionHeatmap(name, across, rows, columns, tuple(fields), published)


def apart(results: Results, pairs: str) -> Results:
    """One axis of pairs as two; a label that names one thing is a pair with itself."""
    trials = results.trials
    both = [(None, None) if pd.isna(v) else (str(v).partition(SEPARATOR)[::2]) for v in trials[pairs]]
    columns = {"first": [a for a, _ in both], "second": [b or a for a, b in both]}
    axes = {name: pd.Series(values, dtype=object) for name, values in columns.items()}
    return Results(trials.drop(columns=[pairs]).assign(**axes), results.history)


def _axes(results: Results, config: Config) -> tuple[str, str]:
    chosen = [one for one in (config.rows, config.columns) if one is not None]
    missing = [one for one in chosen if one not in results.axes]
    chosen = [*chosen, *(one for one in results.varying if one not in chosen)][:2]
    if missing or len(chosen) < 2:
        raise NothingToDraw(
            f"A heat map needs two axes; {f'{missing[0]} is none here' if missing else 'fewer vary here'}."
        )
    return chosen[0], chosen[1]


def draw(info: CompositionHeatmap) -> go.Figure:
    """Ours, and the paper's beside it where there is one."""
    described, across = metric(info.metric), [short(one) for one in info.axes]
    height = ROW * (len(info.rows) + 1)
    published = any(not math.isnan(one.published) for one in info.fields)
    datasets = info.published.datasets if info.published and published else ()
    titles = ["here", *(_style.text(f"published, {data}", 48) for data in datasets[:1])]
    caption = (
        f"{described.heading}; rows: {across[0]}, columns: {across[1]}. A dash is a cell without a result; an average "
        "stands only where all its cells do. Each map has its own colours."
    )
    caption += _published.caption(info.published, axis=False).replace("Hollow marks are", "The other map is")
    title = f"{described.heading} for pairs of {across[0]} and {across[1]}"
    figure = panels(titles, [height] * len(titles), title, caption)
    _map(figure, 0, info, _Map(lambda one: one.estimate.mean, lambda one: one.estimate.hover, described))
    if published:
        _map(figure, 1, info, _Map(lambda one: one.published, lambda one: one.paper, described))
    figure.update_layout(showlegend=False, margin={"l": 76}, meta={**figure.layout.meta, "left": 76, "columns": 2})
    return figure


@dataclass(frozen=True)
class _Map:
    """What one map shows of a field: its value and its hover text."""

    value: Callable[[HeatmapField], float]
    hover: Callable[[HeatmapField], str]
    metric: Metric


def _map(figure: go.Figure, panel: int, info: CompositionHeatmap, shows: _Map) -> None:
    rows, columns = [*info.rows, AVERAGE], [*info.columns, AVERAGE]
    table = info.square(shows.value) * shows.metric.scale
    hovers = {(one.row, one.column): shows.hover(one) for one in info.fields}
    texts = [[hovers.get((r, c)) or _average(r, c, table[i, j]) for j, c in enumerate(columns)]
             for i, r in enumerate(rows)]  # fmt: skip
    inner, blue = table[:-1, :-1], _style.PALETTE[0]
    figure.add_heatmap(
        z=[[None if np.isnan(v) else float(v) for v in line] for line in table],
        zmin=float(np.nanmin(inner)), zmax=float(np.nanmax(inner)),
        xaxis=axis("x", panel), yaxis=axis("y", panel), showscale=False, xgap=2, ygap=2,
        colorscale=[[0, _style.tint(blue, 0.06)], [1, _style.tint(blue, 0.62)]], hovertext=texts,
        hovertemplate=HOVER, hoverongaps=True,
    )  # fmt: skip
    marks = [(j, i, "—" if np.isnan(v) else f"{v:.1f}") for i, line in enumerate(table) for j, v in enumerate(line)]
    figure.add_scatter(
        x=[m[0] for m in marks], y=[m[1] for m in marks], text=[m[2] for m in marks], mode="text", hoverinfo="skip",
        xaxis=axis("x", panel), yaxis=axis("y", panel), textfont={"size": 11.5},
    )  # fmt: skip
    _frame(figure, panel, rows, columns)


def _frame(figure: go.Figure, panel: int, rows: list[str], columns: list[str]) -> None:
    """Names along both axes, lines before the averages."""
    look = {"showgrid": False, "ticks": "", "linewidth": 0}
    figure.layout[key("x", panel)].update(
        tickvals=list(range(len(columns))), ticktext=[_style.text(c, 10) for c in columns], tickangle=-45,
        range=[-0.5, len(columns) - 0.5], **look,
    )  # fmt: skip
    figure.layout[key("y", panel)].update(
        tickvals=list(range(len(rows))), ticktext=[_style.text(r, 10) for r in rows],
        range=[len(rows) - 0.5, -0.5], **look,
    )  # fmt: skip
    for edge in ({"x0": len(columns) - 1.5, "x1": len(columns) - 1.5, "y0": -0.5, "y1": len(rows) - 0.5},
                 {"y0": len(rows) - 1.5, "y1": len(rows) - 1.5, "x0": -0.5, "x1": len(columns) - 0.5}):  # fmt: skip
        figure.add_shape(
            type="line", xref=axis("x", panel), yref=axis("y", panel), line={"color": _style.GREY, "width": 1.5}, **edge
        )


def _average(row: str, column: str, value: float) -> str:
    if AVERAGE not in (row, column):
        return "no such cell"
    of = "all cells" if row == column else f"{column if row == AVERAGE else row}"
    return f"average of {_style.text(of)}: {'not all cells have a result' if np.isnan(value) else f'{value:.1f}'}"
