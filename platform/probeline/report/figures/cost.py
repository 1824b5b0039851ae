"""What each cell cost: seconds, images per second, parameters, peak memory; a panel each."""

import pandas as pd
import plotly.graph_objects as go

from probeline.report import claims
from probeline.report.cells import cells, layout, metrics
from probeline.report.figures import _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.metrics import metric
from probeline.spec.settings import Settings

ROW, BAR = 36, 0.26  # px of a row; height of its bar, as a share of the row
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
    rows = [
        {"metric": name, "cell": cell.label, "line": cell.line, "n": cell.estimate.n, "mean": cell.estimate.mean,
         "values": cell.values, "trials": cell.trials, "interval": claims.interval(cell.estimate, metric(name))}
        for name in config.metrics if name in recorded
        for cell in cells(trials, name, shape)
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
    caption = "Bars are means over seeds, small marks seeds. Seconds depend on the machine named under provenance."
    drawn = panels(titles, heights, "Cost by cell", caption)
    for i, (name, group) in enumerate(groups):
        for place, row in enumerate(group.itertuples()):
            _bar(drawn, i, place, row, looks[row.line])
        most = max(value for values in group["values"] for value in values.values()) * metric(name).scale
        drawn.layout[key("x", i)].update(range=[0, (most or 1) * 1.04], showgrid=False, nticks=5)
        drawn.layout[key("y", i)].update(
            range=[len(group) - 0.45, -0.55], showticklabels=False, ticks="", showgrid=False
        )
    drawn.update_layout(showlegend=False, margin={"l": 8, "r": 16}, meta={**drawn.layout.meta, "left": 8})
    return drawn


def _unit(name: str) -> str:
    unit = metric(name).unit
    return f", {'millions' if unit == 'M' else unit}" if unit else ""


def _bar(drawn: go.Figure, panel: int, place: int, row, look: tuple[str, str]) -> None:
    """A thin bar with its words above it, so that long names need no margin; without a value, the words alone."""
    about, axes = metric(row.metric), {"xaxis": axis("x", panel), "yaxis": axis("y", panel), "showlegend": False}
    level = f"<b>{_style.text(row.cell)}</b><br>{about.text(row.mean)} ({row.interval})"
    words = _style.hover(level, _style.identities(row.trials))
    drawn.add_annotation(
        xref=f"{axis('x', panel)} domain", yref=axis("y", panel), x=0, y=place - 0.18, xanchor="left", yanchor="middle",
        showarrow=False, text=f"{_style.text(row.cell, 34)}  <b>{about.text(row.mean)}</b>", font={"size": 12},
    )  # fmt: skip
    if not row.n:
        return
    drawn.add_bar(
        x=[row.mean * about.scale], y=[place + 0.2], width=BAR, orientation="h", hovertext=[words],
        marker={"color": _style.tint(look[0], 0.55), "line": {"width": 0}}, textposition="none",
        hovertemplate="%{hovertext}<extra></extra>", **axes,
    )  # fmt: skip
    drawn.add_scatter(
        x=[value * about.scale for value in row.values.values()], y=[place + 0.2] * len(row.values), mode="markers",
        marker={"symbol": look[1], "size": 5, "color": look[0]}, hovertext=[words] * len(row.values),
        hovertemplate="%{hovertext}<extra></extra>", **axes,
    )  # fmt: skip
