"""Share of runs above each score, a line a method: what holds over all cells (Agarwal et al. 2021, section 4.2)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.results.cells import cells, layout
from probeline.report.results.metrics import PERCENT, main_metric, metric
from probeline.report.statistics.aggregates import MIN_RUNS, MIN_STRATUM, profile

HEIGHT, THRESHOLDS = 400, 101
READING = {
    "higher": "A line that lies above another everywhere is better whatever the score. ",
    "lower": "A line that lies below another everywhere is better whatever the score. ",
    "none": "",
}


class Config(Settings):
    """Runs are pooled over every axis but `line`; where one is the data set, that is over data sets."""

    metric: str | None = None
    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Columns line, threshold, share, low, high (NaN without a band), runs, cells. Raises NothingToDraw."""
    name = config.metric or main_metric(trials)
    shape = layout(trials, config.x, config.line)
    results = [cell for cell in cells(trials, name, shape) if cell.values]
    if not results:
        raise _style.NothingToDraw(f"No trial has finished with {name} yet.")
    values = [value for cell in results for value in cell.values.values()]
    at = np.linspace(min(values), max(values), THRESHOLDS)
    rows = []
    for line in shape.labels:
        runs: dict[object, Sequence[float]] = {
            cell.label: list(cell.values.values()) for cell in results if cell.line == line
        }
        if not runs:
            continue
        of = profile(runs, at.tolist())
        band = (of.low, of.high) if of.low is not None else (np.nan, np.nan)
        count = sum(map(len, runs.values()))
        rows.append(
            pd.DataFrame({"line": line, "threshold": at, "share": of.share, "low": band[0], "high": band[1],
                          "runs": count, "cells": len(runs)})
        )  # fmt: skip
    frame = pd.concat(rows, ignore_index=True)
    frame.attrs = {"metric": name, "labels": list(shape.labels)}
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described, looks = metric(frame.attrs["metric"]), _style.style(frame.attrs["labels"])
    caption = (
        "Each line: the share of its runs (cells and seeds together) that score above the value below. "
        f"{READING[described.direction]}Bands: 95% at each score, from {MIN_RUNS} runs on, "
        f"{MIN_STRATUM} or more in each cell."
    )
    figure = _style.figure(HEIGHT, f"Performance profiles, {described.title}", caption, direct=False)
    for line, group in frame.groupby("line", sort=False):
        colour, x = looks[line][0], list(group["threshold"] * described.scale)
        if group["low"].notna().all():
            figure.add_scatter(
                x=x + x[::-1], y=list(group["low"]) + list(group["high"])[::-1], mode="lines", line={"width": 0},
                fill="toself", fillcolor=_style.tint(colour, 0.13), hoverinfo="skip", showlegend=False,
            )  # fmt: skip
        first = group.iloc[0]
        words = f"{_style.text(line)}: {first['runs']} runs in {first['cells']} cells"
        figure.add_scatter(
            x=x, y=list(group["share"]), mode="lines", line={"color": colour, "width": 2, "shape": "hv"},
            name=_style.text(line, 40), hovertemplate=f"{words}<br>%{{y:.0%}} above %{{x:.1f}}<extra></extra>",
        )  # fmt: skip
    suffix = "%" if described.unit == PERCENT else ""
    figure.update_xaxes(title_text=_style.text(described.title), ticksuffix=suffix, showgrid=False)
    figure.update_yaxes(title_text="share of runs above", tickformat=".0%", range=[0, 1.02])
    return figure
