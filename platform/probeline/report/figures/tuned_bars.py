"""The best tuned cell of each value of an axis as bars: losses at their best settings (SimCLR, table 4)."""

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _estimates, _published, _style
from probeline.report.results.cells import CellResult, axes, cells, layout, short, shown, values_of
from probeline.report.results.metrics import PERCENT, Metric, main_metric, metric

HEIGHT = 420
SELECT = "validation_top1"


class Config(Settings):
    """`over` is the axis with a bar a value; `select` the metric by which its cell is chosen.

    `select` left out is the validation accuracy of the metric's own protocol: chosen by test labels, the best of many
    cells looks better than it is.
    """

    metric: str | None = None
    over: str | None = None
    select: str | None = None
    references: References | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a value of `over`, in the spec's order, of the cell chosen for it; `candidates` counts its cells.

    Columns as `_estimates.row`, with value, candidates and settings (what was tuned, as text). Raises NothingToDraw.
    """
    name = config.metric or main_metric(trials)
    over = config.over if config.over in axes(trials) else None
    over = over or next((one for one in axes(trials) if len(values_of(trials, one)) > 1), None)
    if over is None:
        raise _style.NothingToDraw("No axis has two values to compare as bars.")
    select = config.select or f"{name.partition('/')[0]}/{SELECT}"
    by = select if select in trials and trials[select].notna().any() else name
    if not metric(by).ranked:
        raise _style.NothingToDraw(f"{by} has no direction, so it chooses no cell (`select` names another metric).")
    shape = layout(trials, None, over)
    results = [cell for cell in cells(trials, name, shape) if over in cell.coordinates]
    if not any(cell.values for cell in results):
        raise _style.NothingToDraw(f"No trial has finished with {name} yet.")
    scores = {cell.label: cell.estimate.mean for cell in cells(trials, by, shape)}
    chosen = [_best([c for c in results if shown(c.coordinates[over]) == shown(v)], scores, by)
              for v in values_of(trials, over)]  # fmt: skip
    frame = pd.DataFrame(
        {
            **_estimates.row(cell, metric(name)),
            "value": shown(cell.coordinates[over]),
            "candidates": count,
            "settings": ", ".join(f"{short(a)} {shown(v)}" for a, v in cell.coordinates.items() if a != over),
        }
        for cell, count in chosen
    )
    published = _published.points(config.references, name, [cell for cell, _ in chosen], shape)
    frame.attrs = {"metric": name, "over": over, "by": by, "published": published, "labels": list(frame["line"])}
    return frame


def _best(group: list[CellResult], scores: dict[str, float], by: str) -> tuple[CellResult, int]:
    sign = -1 if metric(by).direction == "lower" else 1
    ranked = sorted(group, key=lambda c: -math.inf if math.isnan(scores[c.label]) else sign * scores[c.label])
    return ranked[-1], len(group)


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described, over = metric(frame.attrs["metric"]), short(frame.attrs["over"])
    tuned = frame["candidates"].max() > 1
    caption = "Bars are means over seeds with their 95% interval, small marks seeds."
    if tuned:
        fair = frame.attrs["by"] != frame.attrs["metric"]
        caption += f" Each {over} stands at the settings with the best {metric(frame.attrs['by']).title}"
        caption += "." if fair else ", which is what is shown: the best of several looks better than it is."
    caption += " A dash: no result." * bool((frame["n"] == 0).any()) + _published.caption(frame.attrs)
    figure = _style.figure(HEIGHT, f"{described.heading} by {over}{', tuned' if tuned else ''}", caption)
    top = max([*frame["high"].dropna(), *(v for points in frame["points"] for v in points.values())]) * 1.05
    for position, row in enumerate(frame.itertuples()):
        _bar(figure, position, row, described, _style.PALETTE[0])
    suffix = "%" if described.unit == PERCENT else ""
    figure.update_yaxes(range=[0, top * described.scale], title_text=_style.text(described.title), ticksuffix=suffix)
    figure.update_xaxes(
        tickvals=list(range(len(frame))), ticktext=[_ticks(row) for row in frame.itertuples()], showgrid=False,
        range=[-0.6, len(frame) - 0.4],
    )  # fmt: skip
    places = {cell: position for position, cell in enumerate(frame["cell"])}
    means = frame["mean"].dropna()

    def place_of(point: dict) -> float | None:
        at = next((places[label] for label in point["cells"] if label in places), None)
        return None if at is None else at + 0.34

    published = frame.attrs["published"]
    points = [
        {**point, "line": None} for point in published.get("points", ())
    ]  # bars are no lines: one grey set of marks
    attrs = {"labels": [], "published": {**published, "points": points}}
    _published.overlay(figure, attrs, place_of, (float(means.min()), float(means.max())), (0.0, top), described)
    figure.update_layout(showlegend=False)
    return figure


def _ticks(row: Any) -> str:
    return _style.wrapped(row.value, 16) + (f"<br>{_style.wrapped(row.settings, 20, 3)}" if row.settings else "")


def _bar(figure: go.Figure, position: int, row: Any, metric: Metric, colour: str) -> None:
    shared = {"hovertemplate": "%{hovertext}<extra></extra>", "showlegend": False}
    if row.n == 0:
        figure.add_scatter(x=[position], y=[0], mode="text", text=["—"], textposition="top center",
                           hovertext=[row.hover], **shared)  # fmt: skip
        return
    figure.add_bar(
        x=[position], y=[row.mean * metric.scale], width=0.5, hovertext=[row.hover], **shared,
        marker={"color": _style.tint(colour, 0.5), "line": {"width": 0}},
    )  # fmt: skip
    if not np.isnan(row.low):
        figure.add_scatter(
            x=[position, position], y=[row.low * metric.scale, row.high * metric.scale], mode="lines", hoverinfo="skip",
            line={"color": colour, "width": 2}, showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=[position - 0.12] * len(row.points), y=[v * metric.scale for v in row.points.values()], mode="markers",
        hovertext=list(row.hovers.values()), marker={"size": 5, "color": colour}, **shared,
    )  # fmt: skip
