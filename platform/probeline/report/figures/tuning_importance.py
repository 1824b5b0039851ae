"""How much of the scores' variance each tuned key explains (fANOVA: Hutter, Hoos, Leyton-Brown, ICML 2014)."""

from statistics import fmean

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.results.cells import cells, layout, short
from probeline.report.results.studies import keys, studies

ROW, FRAME = 38, 76  # px: of one key, of the margins and the axis


class Config(Settings):
    """`x` and `line` decide colours alone."""

    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """A row a key, the weightiest first: key, mean over studies (0 to 1), n, shares, lines (both by cell).

    Raises NothingToDraw.
    """
    shape = layout(trials, config.x, config.line)
    tuned = studies(cells(trials, "", shape))
    explained = [(cell, one) for cell, one in tuned if one.importance]
    if not explained:
        reason = "No study has chosen yet." if not tuned else "Too few tuning trials to tell which key matters."
        raise _style.NothingToDraw(reason)
    rows = []
    for key in keys(explained):
        shares = {cell.label: one.importance[key] for cell, one in explained if key in one.importance}
        lines = {cell.label: cell.line for cell, _ in explained if cell.label in shares}
        if shares:
            rows.append(
                {"key": key, "mean": fmean(shares.values()), "n": len(shares), "shares": shares, "lines": lines}
            )
    frame = pd.DataFrame(rows).sort_values("mean", ascending=False, kind="stable", ignore_index=True)
    frame.attrs = {"labels": list(shape.labels)}
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    looks = _style.style(frame.attrs["labels"])
    caption = (
        "The share of the scores' variance that a key explains, within the space that was searched (fANOVA). "
        "Bars: means over studies; marks: single studies. It says what mattered, not which value is good."
    )
    figure = _style.figure(FRAME + ROW * len(frame), "What mattered while tuning", caption)
    shared = {"hovertemplate": "%{hovertext}<extra></extra>", "showlegend": False}
    figure.add_bar(
        x=list(frame["mean"]), y=list(range(len(frame))), orientation="h", width=0.5,
        marker={"color": _style.tint(_style.GREY, 0.45), "line": {"width": 0}},
        hovertext=[f"{_style.text(r.key)}: {r.mean:.0%}, mean of {r.n} studies" for r in frame.itertuples()], **shared,
    )  # fmt: skip
    marks = [(row, position, cell) for position, row in enumerate(frame.itertuples()) for cell in row.shares]
    styles = [looks[row.lines[cell]] for row, _, cell in marks]
    figure.add_scatter(
        x=[row.shares[cell] for row, _, cell in marks], y=[position for _, position, _ in marks], mode="markers",
        marker={"symbol": [look[1] for look in styles], "color": [look[0] for look in styles], "size": 7},
        hovertext=[f"{_style.text(cell)}: {row.shares[cell]:.0%}" for row, _, cell in marks], **shared,
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", title_text="share of the variance of scores")
    names = [_style.wrapped(short(key), 24) for key in frame["key"]]
    figure.update_yaxes(
        range=[len(frame) - 0.5, -0.5], tickvals=list(range(len(frame))), ticktext=names, showgrid=False, ticks="",
        linewidth=0,
    )  # fmt: skip
    figure.update_layout(margin={"t": 8, "b": 56})
    return figure
