"""What each cell cost: seconds, samples per second, parameters, peak memory; a panel each."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.results.cells import cells_of, layout, metrics
from probeline.report.results.metrics import Metric, metric
from probeline.report.sentences import phrases

ROW, BAR = 36, 0.26  # px of a row; height of its bar, as a share of the row
MOST = 4_000  # seeds that are marked one by one, over all panels; past that they only make the page heavy
SHOWN = ("cost/train_seconds", "cost/images_per_second", "cost/peak_memory_bytes", "cost/parameters")


class Config(Settings):
    """`metrics`: the costs to draw, by name; those that no trial recorded are left out."""

    metrics: tuple[str, ...] = SHOWN
    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row for each recorded metric and cell: n, mean (NaN where there is none), seeds. Raises NothingToDraw."""
    shape = layout(trials, config.x, config.line)
    recorded = set(metrics(trials))
    names = [name for name in config.metrics if name in recorded]
    rows = [
        {"metric": name, "cell": cell.label, "line": cell.line, "n": cell.estimate.n, "mean": cell.estimate.mean,
         "values": cell.values, "trials": cell.trials, "interval": phrases.interval(cell.estimate, metric(name))}
        for name, results in zip(names, cells_of(trials, names, shape), strict=True)
        for cell in results
    ]  # fmt: skip
    if not rows:
        raise _style.NothingToDraw("No trial has recorded its cost.")
    frame = pd.DataFrame(rows)
    frame.attrs = {"labels": list(shape.labels)}
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    looks, groups = _style.style(frame.attrs["labels"]), list(frame.groupby("metric", sort=False))
    titles = [_style.text(metric(name).title) + _unit(name) for name, _ in groups]
    heights = [ROW * len(group) for _, group in groups]
    marks = int(frame["n"].sum()) <= MOST
    caption = f"Bars are means over seeds{', small marks seeds' if marks else ''}. Seconds depend on the machine named "
    caption += "under provenance."
    figure = panels(titles, heights, "Cost by cell", caption)
    for i, (name, group) in enumerate(groups):
        _bars(figure, i, group, looks)
        if marks:
            _marks(figure, i, group, looks)
        most = max(value for values in group["values"] for value in values.values()) * metric(name).scale
        figure.layout[key("x", i)].update(range=[0, (most or 1) * 1.04], showgrid=False, nticks=5)
        figure.layout[key("y", i)].update(
            range=[len(group) - 0.45, -0.55], showticklabels=False, ticks="", showgrid=False
        )
    figure.update_layout(showlegend=False, margin={"l": 8, "r": 16}, meta={**figure.layout.meta, "left": 8})
    return figure


def _unit(name: str) -> str:
    unit = metric(name).unit
    return f", {'millions' if unit == 'M' else unit}" if unit else ""


def _bars(figure: go.Figure, panel: int, group: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> None:
    """Thin bars with their words above, so that long names need no margin; without a value, the words alone."""
    axes = {"xaxis": axis("x", panel), "yaxis": axis("y", panel), "showlegend": False}
    described, rows = metric(group["metric"].iloc[0]), list(enumerate(group.itertuples()))
    figure.add_scatter(
        x=[0] * len(rows), y=[y - 0.18 for y, _ in rows], mode="text", textposition="middle right",
        text=[f"{_style.text(row.cell, 34)}  <b>{described.text(row.mean)}</b>" for _, row in rows],
        textfont={"size": 12}, hoverinfo="skip", **axes,
    )  # fmt: skip
    full = [(y, row, looks[row.line]) for y, row in rows if row.n]
    words = [_hover(row, described) for _, row, _ in full]
    shared = {"hovertemplate": "%{hovertext}<extra></extra>", **axes}
    figure.add_bar(
        x=[row.mean * described.scale for _, row, _ in full], y=[y + 0.2 for y, _, _ in full], width=BAR,
        orientation="h", textposition="none", hovertext=words,
        marker={"color": [_style.tint(look[0], 0.55) for _, _, look in full], "line": {"width": 0}}, **shared,
    )  # fmt: skip


def _marks(figure: go.Figure, panel: int, group: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> None:
    """One trace for the seeds of all bars: plotly spends milliseconds on a trace, whatever it holds."""
    described = metric(group["metric"].iloc[0])
    rows = [(y + 0.2, row, looks[row.line], _hover(row, described)) for y, row in enumerate(group.itertuples())]
    points = [
        (value * described.scale, y, look, hover) for y, row, look, hover in rows for value in row.values.values()
    ]
    figure.add_scatter(
        x=[p[0] for p in points], y=[p[1] for p in points], mode="markers", showlegend=False,
        marker={"symbol": [p[2][1] for p in points], "color": [p[2][0] for p in points], "size": 5},
        hovertext=[p[3] for p in points], hovertemplate="%{hovertext}<extra></extra>",
        xaxis=axis("x", panel), yaxis=axis("y", panel),
    )  # fmt: skip


def _hover(row: Any, metric: Metric) -> str:
    level = f"{metric.text(row.mean)} ({row.interval})"
    return _style.hover(f"<b>{_style.text(row.cell)}</b>", level, _style.identities(row.trials))
