"""Two transformations at a time: a metric for every pair as a heat map with averages (SimCLR, figure 5)."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _estimates, _published, _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.results.cells import axes, cells, layout, short, shown, values_of
from probeline.report.results.metrics import Metric, main_metric, metric
from probeline.report.results.published_matching import correspondence

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


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a pair: row, column, n, mean, low, high, published (a fraction or NaN), hover, paper (its hover).

    `attrs["rows"]` and `["columns"]` hold the order. Pairs without a cell are not in the frame. Raises NothingToDraw.
    """
    name = config.metric or main_metric(trials)
    trials = apart(trials, config.pairs) if config.pairs in axes(trials) else trials
    across = _axes(trials, config)
    shape = layout(trials, across[1], across[0])
    results = [cell for cell in cells(trials, name, shape) if all(one in cell.coordinates for one in across)]
    if not any(cell.values for cell in results):
        raise _style.NothingToDraw(f"No trial has finished with {name} yet.")
    beside = correspondence(config.references, name, results)
    paper = {label: match for match in (beside.matches if beside else ()) for label in match.cells}
    rows = []
    for cell in results:
        match = paper.get(cell.label)
        rows.append(
            {
                "row": shown(cell.coordinates[across[0]]), "column": shown(cell.coordinates[across[1]]),
                **_estimates.row(cell, metric(name)),
                "published": match.published.fraction if match else np.nan,
                "paper": _published.hover(match) if match else "",
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.attrs = {
        "metric": name, "axes": list(across), "labels": list(shape.labels),
        "rows": [shown(v) for v in values_of(trials, across[0])],
        "columns": [shown(v) for v in values_of(trials, across[1])],
        "published": _published.points(config.references, name, results, shape),
    }  # fmt: skip
    return frame


def apart(trials: pd.DataFrame, pairs: str) -> pd.DataFrame:
    """One axis of pairs as two; a label that names one thing is a pair with itself."""
    both = [(None, None) if pd.isna(v) else (str(v).partition(SEPARATOR)[::2]) for v in trials[pairs]]
    columns = {"first": [a for a, _ in both], "second": [b or a for a, b in both]}
    return trials.drop(columns=[pairs]).assign(**{k: pd.Series(v, dtype=object) for k, v in columns.items()})


def _axes(trials: pd.DataFrame, config: Config) -> tuple[str, str]:
    varying = [one for one in axes(trials) if len(values_of(trials, one)) > 1]
    chosen = [one for one in (config.rows, config.columns) if one is not None]
    missing = [one for one in chosen if one not in axes(trials)]
    chosen = [*chosen, *(one for one in varying if one not in chosen)][:2]
    if missing or len(chosen) < 2:
        raise _style.NothingToDraw(
            f"A heat map needs two axes; {f'{missing[0]} is none here' if missing else 'fewer vary here'}."
        )
    return chosen[0], chosen[1]


def square(frame: pd.DataFrame, value: str) -> np.ndarray:
    """[rows + 1, columns + 1] with averages in the last row and column; NaN where a cell is missing.

    An average stands only where all its cells do: half a row would be compared with a whole one.
    """
    rows, columns = frame.attrs["rows"], frame.attrs["columns"]
    table = np.full((len(rows) + 1, len(columns) + 1), np.nan)
    for one in frame.itertuples():
        table[rows.index(one.row), columns.index(one.column)] = getattr(one, value)
    table[:-1, -1] = table[:-1, :-1].mean(axis=1)
    table[-1, :-1] = table[:-1, :-1].mean(axis=0)
    table[-1, -1] = table[:-1, :-1].mean()
    return table


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame: ours, and the paper's beside it where there is one."""
    described, across = metric(frame.attrs["metric"]), [short(one) for one in frame.attrs["axes"]]
    height = ROW * (len(frame.attrs["rows"]) + 1)
    published = bool(frame["published"].notna().any())
    titles = ["here", *(_style.text(f"published, {data}", 48) for data in _datasets(frame)[:published])]
    caption = (
        f"{described.heading}; rows: {across[0]}, columns: {across[1]}. A dash is a cell without a result; an average "
        "stands only where all its cells do. Each map has its own colours."
    )
    caption += _published.caption(frame.attrs, axis=False).replace("Hollow marks are", "The other map is")
    title = f"{described.heading} for pairs of {across[0]} and {across[1]}"
    figure = panels(titles, [height] * len(titles), title, caption)
    _map(figure, 0, frame, "mean", described, "hover")
    if published:
        _map(figure, 1, frame, "published", described, "paper")
    figure.update_layout(showlegend=False, margin={"l": 76}, meta={**figure.layout.meta, "left": 76, "columns": 2})
    return figure


def _datasets(frame: pd.DataFrame) -> tuple[str, ...]:
    return frame.attrs["published"].get("datasets", ())


def _map(figure: go.Figure, panel: int, frame: pd.DataFrame, value: str, metric: Metric, words: str) -> None:
    rows, columns = [*frame.attrs["rows"], AVERAGE], [*frame.attrs["columns"], AVERAGE]
    table = square(frame, value) * metric.scale
    hover_texts: dict[Any, str] = {(one.row, one.column): getattr(one, words) for one in frame.itertuples()}
    hovers = [[hover_texts.get((r, c)) or _average(r, c, table[i, j]) for j, c in enumerate(columns)]
              for i, r in enumerate(rows)]  # fmt: skip
    inner = table[:-1, :-1]
    blue = _style.PALETTE[0]
    figure.add_heatmap(
        z=[[None if np.isnan(v) else float(v) for v in line] for line in table],
        zmin=float(np.nanmin(inner)), zmax=float(np.nanmax(inner)),
        xaxis=axis("x", panel), yaxis=axis("y", panel), showscale=False, xgap=2, ygap=2,
        colorscale=[[0, _style.tint(blue, 0.06)], [1, _style.tint(blue, 0.62)]], hovertext=hovers,
        hovertemplate="%{hovertext}<extra></extra>", hoverongaps=True,
    )  # fmt: skip
    marks = [(j, i, "—" if np.isnan(v) else f"{v:.1f}") for i, line in enumerate(table) for j, v in enumerate(line)]
    figure.add_scatter(
        x=[m[0] for m in marks], y=[m[1] for m in marks], text=[m[2] for m in marks], mode="text", hoverinfo="skip",
        xaxis=axis("x", panel), yaxis=axis("y", panel), textfont={"size": 11.5},
    )  # fmt: skip
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
