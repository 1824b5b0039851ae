"""Named metrics side by side as bars, for each line: what h and z keep (SimCLR, table 3), label fractions (table 7)."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pydantic import Field

from probeline.core.settings import Settings
from probeline.report.figures import _estimates, _style
from probeline.report.results.cells import cells, layout, matching
from probeline.report.results.cells import metrics as recorded
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.references import published
from probeline.report.statistics.rank_correlation import sentence_of

HEIGHT = 440


class Config(Settings):
    """`groups`: a group's name -> a metric, or series -> metric, as in `{rotation: {h: kept/a, z: kept/b}}`.

    `published`: a group's name -> a published id, or series or line -> id; drawn hollow at its bar.
    """

    groups: dict[str, str | dict[str, str]] = Field(min_length=1)
    published: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    title: str = ""
    where: dict[str, Any] = Field(default_factory=dict, description="Only cells with these values of axes.")
    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a group, series and cell: group, series, metric, bar (its name), columns of `_estimates.row`, paper.

    `paper` is the published value as a fraction, NaN where there is none. Raises NothingToDraw, UserError.
    """
    wanted = [(g, s, name) for g, of in config.groups.items() for s, name in _series(of).items()]
    if not {name for _, _, name in wanted} & set(recorded(trials)):
        raise _style.NothingToDraw(f"No trial has finished with {wanted[0][2]} or the others yet.")
    trials = matching(trials, config.where)
    shape = layout(trials, config.x, config.line)
    rows = []
    for group, series, name in wanted:
        results = cells(trials, name, shape)
        for cell in results:
            alone = len(results) == 1
            bar = series if alone and series else f"{cell.label}, {series}" if series else cell.label
            printed = _series(config.published.get(group, {}))
            point = printed.get(series or cell.line, printed.get(series))
            paper = published(point)[0] if point else None
            rows.append(
                {"group": group, "series": series, "metric": name, "bar": bar, **_estimates.row(cell, metric(name)),
                 "paper": paper.fraction if paper else np.nan, "said": paper.words() if paper else [],
                 "from": paper.id if paper else ""}
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.attrs = {"bars": list(dict.fromkeys(frame["bar"])), "groups": list(config.groups)}
    frame.attrs["agreement"] = _agreement(frame)
    return frame


def _agreement(frame: pd.DataFrame) -> str:
    """The sentence on shape, over the bars that have a published value; empty where none has."""
    beside = frame[frame["paper"].notna()]
    if beside.empty:
        return ""
    tables = dict.fromkeys(".".join(point.split(".")[:2]) for point in beside["from"])
    return sentence_of(
        " and ".join(tables), list(beside.loc[beside["n"] > 0, ["mean", "paper"]].itertuples(index=False))
    )


def _series(of: str | dict[str, str]) -> dict[str, str]:
    return of if isinstance(of, dict) else {"": of}


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described, bars = metric(frame["metric"].iloc[0]), frame.attrs["bars"]
    looks, groups = _style.style(bars), frame.attrs["groups"]
    caption = "Bars are means over seeds with their 95% interval. A dash: no result."
    if frame["paper"].notna().any():
        caption += " Hollow marks are published, on other data: compare the order, not heights. "
        caption += frame.attrs["agreement"]
    figure = _style.figure(HEIGHT, config.title or f"{described.heading} and its like", caption, direct=False)
    width = 0.8 / len(bars)
    for i, bar in enumerate(bars):
        rows = frame[frame["bar"] == bar]
        places = [groups.index(g) + (i - (len(bars) - 1) / 2) * width for g in rows["group"]]
        _bar(figure, rows, places, bar, looks[bar], width, described.scale)
    figure.update_xaxes(
        tickvals=list(range(len(groups))), ticktext=[_style.wrapped(g, 18) for g in groups], showgrid=False,
        range=[-0.6, len(groups) - 0.4],
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", ticksuffix="%" if described.unit == PERCENT else "")
    return figure


def _bar(
    figure: go.Figure, rows: pd.DataFrame, places: list, bar: str, look: tuple, width: float, scale: float
) -> None:
    name, template = _style.text(bar, 40), {"hovertemplate": "%{hovertext}<extra></extra>"}
    figure.add_bar(
        x=places, y=[None if np.isnan(v) else v * scale for v in rows["mean"]], width=width * 0.9, name=name,
        hovertext=list(rows["hover"]), marker={"color": _style.tint(look[0], 0.5), "line": {"width": 0}}, **template,
    )  # fmt: skip
    for position, row in zip(places, rows.itertuples(), strict=True):
        if not np.isnan(row.low):
            figure.add_scatter(x=[position] * 2, y=[row.low * scale, row.high * scale], mode="lines", hoverinfo="skip",
                              line={"color": look[0], "width": 2}, showlegend=False)  # fmt: skip
        if row.n == 0:
            figure.add_scatter(x=[position], y=[0], mode="text", text=["—"], textposition="top center",
                              hovertext=[row.hover], showlegend=False, **template)  # fmt: skip
    paper = [
        (position, row) for position, row in zip(places, rows.itertuples(), strict=True) if not np.isnan(row.paper)
    ]
    if paper:
        figure.add_scatter(
            x=[p for p, _ in paper], y=[r.paper * scale for _, r in paper], mode="markers", showlegend=False,
            marker={"symbol": "diamond-open", "size": 10, "color": look[0], "line": {"width": 1.8}},
            hovertext=[_printed(r.paper * scale, r.said) for _, r in paper],
            **template,
        )  # fmt: skip


def _printed(value: float, printed_lines: list[str]) -> str:
    return _style.hover(f"<b>published: {value:.1f}</b>", *(_style.text(line, 110) for line in printed_lines))
