"""Several metrics against one axis, a panel each, the paper's beside it: temperature, projector width, batch size."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pydantic import Field

from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _estimates, _published, _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.figures._positions import MOST_BANDS, NO_BANDS, positions, reach
from probeline.report.results.cells import cells, layout, short, shown
from probeline.report.results.cells import metrics as recorded
from probeline.report.results.metrics import PERCENT, main_metric, metric

HEIGHT = 230


class Config(Settings):
    """`metrics` in the order of their panels, else the report's own; one that no trial recorded gets an empty panel."""

    metrics: tuple[str, ...] | None = Field(None, min_length=1)
    metric: str | None = Field(None, description="The one panel where `metrics` names none.")
    x: str | None = None
    line: str | None = None
    references: References | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a metric and cell of the grid: metric, line, x, n, mean, low, high, points, hover; arms are left out.

    `attrs["published"]` maps a metric to the paper's points. Raises NothingToDraw.
    """
    names = config.metrics or (config.metric or main_metric(trials),)
    if not set(names) & set(recorded(trials)):
        raise _style.NothingToDraw(f"No trial has finished with {', '.join(names)} yet.")
    shape = layout(trials, config.x, config.line)
    if shape.x is None:
        raise _style.NothingToDraw("No axis has two values to draw along.")
    rows, published = [], {}
    for name in names:
        results = [cell for cell in cells(trials, name, shape) if not cell.arm]
        rows += [{"metric": name, "x": cell.x, **_estimates.row(cell, metric(name))} for cell in results]
        published[name] = _published.points(config.references, name, results, shape)
    frame = pd.DataFrame(rows)
    frame.attrs = {
        "metrics": list(names), "x": shape.x, "x_values": list(shape.x_values), "labels": list(shape.labels),
        "published": published,
    }  # fmt: skip
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame: a panel a metric, and one for the paper's where it has that metric."""
    looks, at = _style.style(frame.attrs["labels"]), positions(tuple(frame.attrs["x_values"]))
    places = _panels(frame)
    titles = [_title(name, points) for name, points in places]
    x = short(frame.attrs["x"])
    banded = len(frame.attrs["labels"]) <= MOST_BANDS
    caption = "Large marks are means over seeds, small marks seeds"
    caption += ", bars 95% intervals. " if banded else f". {NO_BANDS} "
    caption += "Open marks at the bottom: cells without a result. Each panel has its own scale."
    if frame["x"].isna().any():
        caption += f" What has no {x} stands at the right."
    for name, published in frame.attrs["published"].items():
        if published:
            words = _published.caption({"published": published}, axis=False)
            caption += f" {metric(name).heading}:{words}" if published["points"] else ""
    figure = panels(titles, [HEIGHT] * len(places), f"{' and '.join(_short_titles(frame))} against {x}", caption)
    for panel, (name, points) in enumerate(places):
        if points is None:
            group = frame[frame["metric"] == name]
            _ours(figure, panel, group, looks, at, banded)
            figure.layout[key("y", panel)].update(range=_ends(group, metric(name).scale, banded))
        else:
            _theirs(figure, panel, points, looks, at, metric(name).scale)
        ends = min(at.values()), max(at.values())
        pad = 0.1 * ((ends[1] - ends[0]) or 1)
        figure.layout[key("x", panel)].update(
            title_text=_style.text(x), tickvals=list(at.values()), ticktext=[_style.text(shown(v), 10) for v in at],
            range=[ends[0] - pad, ends[1] + pad], showgrid=False,
        )  # fmt: skip
        figure.layout[key("y", panel)].update(ticksuffix="%" if metric(name).unit == PERCENT else "", nticks=6)
    columns = 2 if any(points is not None for _, points in places) else 3
    figure.update_layout(meta={**figure.layout.meta, "columns": columns, "legend": True})
    return figure


def _panels(frame: pd.DataFrame) -> list[tuple[str, list | None]]:
    """(metric, None) for ours, followed by (metric, points) for the paper's."""
    placed: list[tuple[str, list | None]] = []
    for name in frame.attrs["metrics"]:
        placed.append((name, None))
        points = [point for point in frame.attrs["published"][name].get("points", ()) if point["x"] is not None]
        placed += [(name, points)] if points else []
    return placed


def _title(name: str, points: list | None) -> str:
    described = metric(name)
    unit = f", {described.unit}" if described.unit not in ("", PERCENT) else ""
    return _style.text(described.heading, 44) + unit + (", published" if points is not None else "")


def _short_titles(frame: pd.DataFrame) -> list[str]:
    first, *others = [metric(name).heading for name in frame.attrs["metrics"]]
    if len(others) > 2:
        return [f"{len(others) + 1} metrics"]
    return [first, *(name[:1].lower() + name[1:] for name in others)]


def _ends(group: pd.DataFrame, scale: float, banded: bool) -> list[float] | None:
    seeds = [value for points in group["points"] for value in points.values()]
    intervals = (group["low"], group["high"]) if banded else ((), ())
    return [end * scale for end in reach(seeds, *intervals)[:2]] if seeds else None


def _ours(figure: go.Figure, panel: int, group: pd.DataFrame, looks: dict, at: dict, banded: bool) -> None:
    axes = {"xaxis": axis("x", panel), "yaxis": axis("y", panel)}
    described, full = metric(group["metric"].iloc[0]), group[group["n"] > 0]
    bottom = min((v for points in full["points"] for v in points.values()), default=0.0)
    for line, cells_ in group.groupby("line", sort=False):
        colour, symbol = looks[line]
        cells_ = cells_.assign(place=[at.get(x, max(at.values())) for x in cells_["x"]]).sort_values("place")
        shared = {"legendgroup": _style.text(line, 200), "name": _style.text(line, 36), **axes}
        template = {"hovertemplate": "%{hovertext}<extra></extra>", "showlegend": False}
        for row in cells_[cells_["n"] > 0].itertuples():
            figure.add_scatter(
                x=[row.place] * row.n, y=[v * described.scale for v in row.points.values()], mode="markers",
                marker={"symbol": symbol, "size": 4, "color": _style.tint(colour, 0.6)}, **shared, **template,
                hovertext=list(row.hovers.values()),
            )  # fmt: skip
            if banded and not np.isnan(row.low):
                figure.add_scatter(
                    x=[row.place] * 2, y=[row.low * described.scale, row.high * described.scale], mode="lines",
                    line={"color": _style.tint(colour, 0.35), "width": 4}, hoverinfo="skip", showlegend=False, **shared,
                )  # fmt: skip
        gaps = cells_[cells_["n"] == 0]
        if len(gaps):
            figure.add_scatter(
                x=list(gaps["place"]), y=[bottom * described.scale] * len(gaps), mode="markers", cliponaxis=False,
                marker={"symbol": f"{symbol}-open", "size": 9, "color": colour, "line": {"width": 2}},
                hovertext=list(gaps["hover"]), **shared, **template,
            )  # fmt: skip
        figure.add_scatter(
            x=list(cells_["place"]), y=[None if n == 0 else m * described.scale for n, m in zip(cells_["n"],
                                        cells_["mean"], strict=True)],
            mode="lines+markers", line={"color": colour, "width": 2}, marker={"symbol": symbol, "size": 8},
            hovertext=list(cells_["hover"]), hovertemplate="%{hovertext}<extra></extra>", showlegend=panel == 0,
            **shared,
        )  # fmt: skip


def _theirs(figure: go.Figure, panel: int, points: list[dict], looks: dict, at: dict, scale: float) -> None:
    for line in dict.fromkeys(point["line"] for point in points):
        group = sorted((p for p in points if p["line"] == line), key=lambda p: at[p["x"]])
        colour, symbol = looks.get(line, (_style.GREY, "circle"))
        figure.add_scatter(
            x=[at[p["x"]] for p in group], y=[p["value"] * scale for p in group], mode="lines+markers",
            line={"color": colour, "width": 1, "dash": "dot"}, showlegend=False, name=_style.text(line or "published"),
            marker={"symbol": f"{symbol}-open", "size": 9, "color": colour, "line": {"width": 1.6}},
            hovertext=[p["hover"] for p in group], hovertemplate="%{hovertext}<extra></extra>",
            xaxis=axis("x", panel), yaxis=axis("y", panel),
        )  # fmt: skip
