"""A metric against the exact number of parameters; supervised cells as grey crosses (SimCLR, figures 1 and 7)."""

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _estimates, _published, _style
from probeline.report.results.cells import CellResult, cells, layout
from probeline.report.results.metrics import PERCENT, main_metric, metric
from probeline.report.results.published_matching import Correspondence, correspondence
from probeline.report.results.references import Published, chosen
from probeline.report.statistics.rank_correlation import sentence

HEIGHT = 480
COUNT = "cost/parameters"
SIZE = "params_M"  # what the published setups call it, in millions


class Config(Settings):
    """`supervised` is the method that is drawn as grey crosses."""

    metric: str | None = None
    supervised: str = "supervised"
    x: str | None = None
    line: str | None = None
    references: References | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a cell with a count: columns of `_estimates.row`, parameters, method and supervised.

    `attrs["published"]["points"]` have place (parameters), value, supervised, hover. Raises NothingToDraw.
    """
    name = config.metric or main_metric(trials)
    shape = layout(trials, config.x, config.line)
    counts = {cell.label: cell.estimate.mean for cell in cells(trials, COUNT, shape)}
    results = cells(trials, name, shape)
    counted = [cell for cell in results if counts[cell.label] > 0]
    if not any(cell.values for cell in counted):
        raise _style.NothingToDraw(f"No trial has finished with {name} and a count of parameters yet.")
    frame = pd.DataFrame(_row(cell, counts[cell.label], config, name) for cell in counted)
    beside = correspondence(config.references, name, results)
    published: dict[str, Any] = {}
    points = []
    if beside is not None and config.references is not None:
        points = [p for p in chosen(config.references) if SIZE in p.setup and p.metric == "top1"]
    if points and beside is not None:
        published = {
            "points": [_point(p) for p in points],
            "agreement": sentence(_once(beside), results),
            "notes": beside.notes,
            "datasets": tuple(dict.fromkeys(p.dataset for p in points)),
        }
    frame.attrs = {"metric": name, "labels": list(dict.fromkeys(frame["method"])), "published": published}
    return frame


def _once(beside: Correspondence) -> Correspondence:
    """Each cell beside one value: the first printed, which is the one at the fewest epochs."""
    first = {match.cells: match for match in reversed(beside.matches) if match.cells}
    return replace(beside, matches=tuple(reversed(first.values())))


def _row(cell: CellResult, count: float, config: Config, name: str) -> dict[str, Any]:
    method = (cell.recipe.get("method") or {}).get("name", cell.line)
    row = _estimates.row(cell, metric(name))
    hover = _style.hover(row["hover"], f"{count:,.0f} parameters")
    supervised = method == config.supervised
    return {**row, "parameters": count, "method": method, "supervised": supervised, "hover": hover}


def _point(point: Published) -> dict[str, Any]:
    at = {**point.setup}
    supervised = "supervised" in str(at.get("method", point.id)).lower()
    return {
        "place": at[SIZE] * 1e6, "value": point.fraction, "supervised": supervised, "id": point.id,
        "hover": _published.printed(point),
    }  # fmt: skip


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described = metric(frame.attrs["metric"])
    caption = (
        "Parameters of the encoder as counted in each trial, on a logarithmic axis. Large marks are means over seeds, "
        "bars their 95% interval. Grey crosses saw the labels."
    )
    published = frame.attrs["published"]
    words = _published.caption(frame.attrs).replace("the right-hand axis", "the axes above and to the right")
    figure = _style.figure(HEIGHT, f"{described.heading} against parameters", caption + words, direct=False)
    looks, suffix = _style.style(frame.attrs["labels"]), "%" if described.unit == PERCENT else ""
    for method, group in frame[frame["n"] > 0].groupby("method", sort=False):
        _method(figure, method, group.sort_values("parameters"), looks[method], described.scale)
    figure.update_xaxes(type="log", title_text="parameters", **_decades(frame["parameters"]))
    figure.update_yaxes(title_text=_style.text(described.title), ticksuffix=suffix)
    if published:
        _paper(figure, published, described.scale, suffix)
    figure.update_layout(xaxis={"showgrid": False}, margin={"t": 56 if published else 16})
    return figure


def _decades(counts: Any) -> dict[str, Any]:
    """Range and ticks of a logarithmic axis: 1, 2 and 5 of each power of ten."""
    low, high = math.log10(min(counts)), math.log10(max(counts))
    pad = 0.08 * (high - low) or 0.3
    ticks = [m * 10**e for e in range(math.floor(low - pad), math.ceil(high + pad) + 1) for m in (1, 2, 5)]
    ticks = ticks if high - low < 2.2 else ticks[::3]
    named = [f"{t / 1e6:g}M" if t >= 1e6 else f"{t / 1e3:g}k" if t >= 1e3 else f"{t:g}" for t in ticks]
    return {"range": [low - pad, high + pad], "tickmode": "array", "tickvals": ticks, "ticktext": named}


def _method(figure: go.Figure, method: str, group: pd.DataFrame, look: tuple[str, str], scale: float) -> None:
    grey = bool(group["supervised"].iloc[0])
    colour, symbol = (_style.GREY, "x") if grey else look
    bars = group.dropna(subset=["low"])
    for row in bars.itertuples():
        figure.add_scatter(
            x=[row.parameters] * 2, y=[row.low * scale, row.high * scale], mode="lines", hoverinfo="skip",
            line={"color": _style.tint(colour, 0.4), "width": 4}, showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=list(group["parameters"]), y=[v * scale for v in group["mean"]], name=_style.text(method, 36),
        mode="markers" if grey else "lines+markers", line={"color": colour, "width": 1.5},
        marker={"symbol": symbol, "size": 10, "color": colour, "line": {"width": 0}},
        hovertext=list(group["hover"]), hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _paper(figure: go.Figure, published: dict[str, Any], scale: float, suffix: str) -> None:
    for supervised in (False, True):
        group = [point for point in published["points"] if point["supervised"] == supervised]
        if group:
            figure.add_scatter(
                x=[p["place"] for p in group], y=[p["value"] * scale for p in group], xaxis="x2", yaxis="y2",
                mode="markers", name="published" + ", supervised" * supervised, hovertext=[p["hover"] for p in group],
                marker={"symbol": "x-open" if supervised else "circle-open", "size": 8, "color": _style.GREY},
                hovertemplate="%{hovertext}<extra></extra>",
            )  # fmt: skip
    data = _style.text(published["datasets"][0], 36)
    figure.update_layout(
        xaxis2={"overlaying": "x", "side": "top", "type": "log", "showgrid": False, "anchor": "y2",
                **_decades([p["place"] for p in published["points"]]), "title": {"text": "parameters, published"}},
        yaxis2={"overlaying": "y", "side": "right", "tickmode": "auto", "showgrid": False, "anchor": "x2",
                "ticksuffix": suffix,
                "title": {"text": f"published, {data}"}},
    )  # fmt: skip
