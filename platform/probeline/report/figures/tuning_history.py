"""A study trial by trial: each score, and the best so far."""

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._panels import axis, panels
from probeline.report.results.cells import cells, layout
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.studies import studies

HEIGHT, MOST = 170, 24


class Config(Settings):
    """`x` and `line` decide colours alone."""

    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """A row for each tuning trial, in each study's order: cell, line, trial (from 1), score, best, state, values.

    `best` is the best score up to there, NaN before the first; `score` is NaN for what was not judged. Of more than
    MOST studies the first are drawn, `attrs["left"]` counts the others. Raises NothingToDraw.
    """
    shape = layout(trials, config.x, config.line)
    tuned = [(cell, one) for cell, one in studies(cells(trials, "", shape)) if one.points]
    if not tuned:
        raise _style.NothingToDraw("No study has chosen yet.")
    rows = []
    for cell, one in tuned[:MOST]:
        best = math.nan
        for point in sorted(one.points, key=lambda point: point.number):
            score = math.nan if point.score is None else point.score
            better = not math.isnan(score) and not one.sign * best >= one.sign * score
            best = score if better else best
            rows.append(
                {"cell": cell.label, "line": cell.line, "trial": point.number + 1, "score": score, "best": best,
                 "state": point.state, "values": point.values}
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.attrs = {"metric": tuned[0][1].metric, "labels": list(shape.labels), "left": max(0, len(tuned) - MOST)}
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described, looks = metric(frame.attrs["metric"]), _style.style(frame.attrs["labels"])
    named = list(dict.fromkeys(frame["cell"]))
    caption = "Points: tuning trials, in the order in which they were asked. The line: the best so far. Crosses were "
    caption += "given up, diverged or failed."
    caption += f" {frame.attrs['left']} studies more are in the table." * bool(frame.attrs["left"])
    title = f"{described.heading} while tuning"
    figure = panels([_style.text(cell, 36) for cell in named], [HEIGHT] * len(named), title, caption)
    span = frame["score"].max() - frame["score"].min()
    low, high = frame["score"].min() - 0.1 * (span or 0.1), frame["score"].max() + 0.1 * (span or 0.1)
    for panel, cell in enumerate(named):
        group = frame[frame["cell"] == cell]
        _panel(figure, panel, group, looks[group["line"].iloc[0]], low)
    suffix = ".0%" if described.unit == PERCENT else None
    figure.update_yaxes(range=[low, high], tickformat=suffix, nticks=5)
    figure.update_xaxes(title_text="tuning trial", showgrid=False, range=[0.2, frame["trial"].max() + 0.8], nticks=8)
    figure.update_layout(showlegend=False)
    return figure


def _panel(figure: go.Figure, panel: int, group: pd.DataFrame, look: tuple[str, str], low: float) -> None:
    axes = {"xaxis": axis("x", panel), "yaxis": axis("y", panel), "showlegend": False}
    figure.add_scatter(
        x=list(group["trial"]), y=[None if math.isnan(v) else v for v in group["best"]], mode="lines",
        line={"color": look[0], "width": 2, "shape": "hv"}, hoverinfo="skip", **axes,
    )  # fmt: skip
    for judged, symbol in ((True, look[1]), (False, "x-thin")):
        rows = [row for row in group.itertuples() if math.isnan(row.score) != judged]
        figure.add_scatter(
            x=[row.trial for row in rows], y=[row.score if judged else low for row in rows], mode="markers",
            marker={"symbol": symbol, "size": 7, "color": _style.tint(look[0], 0.65), "line": {
                "width": 0 if judged else 1.5, "color": look[0]}},
            hovertext=[_hover(row) for row in rows], hovertemplate="%{hovertext}<extra></extra>", cliponaxis=False,
            **axes,
        )  # fmt: skip


def _hover(row: Any) -> str:
    result = row.state if math.isnan(row.score) else f"{row.score:.4g}"
    values = (
        f"{_style.text(k)}: {_style.text(f'{v:.3g}' if isinstance(v, float) else v)}" for k, v in row.values.items()
    )
    return _style.hover(f"<b>{_style.text(row.cell)}</b>, tuning trial {row.trial}: {result}", *values)
