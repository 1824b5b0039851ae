"""What was watched during training, a panel a line: each trial faint, each cell's mean bold."""

from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._panels import axis, panels
from probeline.report.results.axis_values import short, shown
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.results import Results

HEIGHT = 190
MAX_CURVES = 200  # trials with a curve of their own; more are a blur, and megabytes
MAX_STEPS = 200  # points drawn of one curve
ONLINE = "online_probe/"
HEADINGS = {"train/loss": "Training loss", "train/lr": "Learning rate"}
MARKS = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


class Config(Settings):
    """`watched` is what the history calls it: `train/loss`, `train/lr`, `online_probe/top1`."""

    watched: str = "train/loss"
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class TrialCurve:
    """One trial's values by step."""

    line: str
    cell: str
    trial_id: str
    seed: int
    status: str
    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class MeanCurve:
    """The mean of a cell's `n` finished trials, at the steps that all of them have reached."""

    line: str
    cell: str
    n: int
    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class TrainingCurves:
    """Curves of one metric of the history.

    Trials that failed keep their curve and are in no mean. Of more than MAX_CURVES trials (`many`), only means and
    failed trials are here.
    """

    name: str
    labels: tuple[str, ...]
    x: str | None
    x_values: tuple[Any, ...]
    many: bool
    trials: tuple[TrialCurve, ...]
    means: tuple[MeanCurve, ...]

    @property
    def lines(self) -> list[str]:
        """The lines that have a curve, in the spec's order."""
        present = {curve.line for curve in self.trials} | {curve.line for curve in self.means}
        return [line for line in self.labels if line in present]


def prepare(results: Results, config: Config) -> TrainingCurves:
    """The curves of all trials with a history, and the means of cells. Raises NothingToDraw."""
    layout = results.layout(config.x, config.line)
    lines = {cell.label: cell.line for cell in results.cells(config.watched, layout)}
    history, plan = results.history, results.trials[["trial_id", "cell", "seed", "status"]]
    curves = history[history["name"] == config.watched].merge(plan, on="trial_id")
    if not len(curves):
        raise NothingToDraw(f"No trial has recorded {config.watched}.")
    curves = curves.sort_values(["trial_id", "step"], kind="stable")
    means = _means(curves[curves["status"] == "finished"], lines)
    many = curves["trial_id"].nunique() > MAX_CURVES
    single = curves[curves["status"] == "failed"] if many else curves
    trials = tuple(_trial(single.loc[rows], lines) for rows in single.groupby("trial_id", sort=False).groups.values())
    return TrainingCurves(config.watched, layout.labels, layout.x, layout.x_values, many, trials, means)


def _means(done: pd.DataFrame, lines: dict[str, str]) -> tuple[MeanCurve, ...]:
    """A mean for each cell that has a step which all its trials have reached."""
    per_step = done.groupby(["cell", "step"], sort=False)["value"].agg(["mean", "size"]).reset_index()
    reached = done.groupby("cell")["trial_id"].nunique()
    whole = per_step[per_step["size"] == per_step["cell"].map(reached)]
    return tuple(
        MeanCurve(lines[cell], cell, int(of["size"].iloc[0]), tuple(of["step"].tolist()), tuple(of["mean"].tolist()))
        for cell, of in whole.groupby("cell", sort=False)
    )


def _trial(rows: pd.DataFrame, lines: dict[str, str]) -> TrialCurve:
    first = rows.iloc[0]
    steps, values = tuple(rows["step"].tolist()), tuple(rows["value"].tolist())
    return TrialCurve(
        lines[first["cell"]], first["cell"], first["trial_id"], int(first["seed"]), first["status"], steps, values
    )


def draw(info: TrainingCurves) -> go.Figure:
    """A panel a line; the dash of a curve tells its cell."""
    described, looks = metric(info.name), _style.style(info.labels)
    title, caption = _words(info, described.heading)
    figure = panels([_style.text(line, 36) for line in info.lines], [HEIGHT] * len(info.lines), title, caption)
    for i, line in enumerate(info.lines):
        trials = [curve for curve in info.trials if curve.line == line]
        means = [curve for curve in info.means if curve.line == line]
        cells = dict.fromkeys([*(curve.cell for curve in trials), *(curve.cell for curve in means)])
        dashes = dict(zip(cells, cycle(MARKS), strict=False))
        for curve in trials:
            faint = {"color": _style.tint(looks[line].colour, 0.3), "width": 1, "dash": dashes[curve.cell]}
            _curve(figure, i, curve, faint)
        for mean in means:
            _mean(figure, i, mean, {"color": looks[line].colour, "width": 2.2, "dash": dashes[mean.cell]})
    figure.update_xaxes(title_text="epoch", rangemode="tozero", showgrid=False)
    figure.update_yaxes(tickformat=".0%" if described.unit == PERCENT else None, nticks=5)
    figure.update_layout(showlegend=False)
    return figure


def _words(info: TrainingCurves, title: str) -> tuple[str, str]:
    heading = HEADINGS.get(info.name, title)
    caption = "Faint: one trial. Bold: the mean of a cell's finished trials. Each panel has its own scale."
    if info.many:
        caption = (
            f"The mean of each cell's finished trials; single trials are drawn where there are {MAX_CURVES} at most, "
            "and failed ones always. Each panel has its own scale."
        )
    values = [shown(value) for value in info.x_values]
    if info.x is not None and values:
        marks = ("solid", "dashed", "dotted", "dash-dotted")
        named = [f"{value} {mark}" for value, mark in zip(values, marks, strict=False)]
        named += ["the rest on hover"] * (len(values) > len(marks))
        caption += f" {short(info.x).capitalize()}: {', '.join(named)}."
    if info.name.startswith(ONLINE):
        return (
            f"{heading}: online, not a result",
            f"Watched during training, with labels. It decides nothing. {caption}",
        )
    return heading, caption


def _thin(curve: TrialCurve | MeanCurve) -> tuple[list[int], list[float]]:
    """Steps and values: every k-th and the last."""
    count = len(curve.steps)
    stride = -(-count // MAX_STEPS)
    rows = list(range(0, count, stride))
    rows += [count - 1] * (rows[-1] != count - 1)
    return [curve.steps[row] for row in rows], [curve.values[row] for row in rows]


def _curve(figure: go.Figure, panel: int, curve: TrialCurve, line: dict[str, Any]) -> None:
    steps, values = _thin(curve)
    failed = "" if curve.status == "finished" else f", {_style.text(curve.status)}"
    words = f"{_style.text(curve.cell)}, seed {curve.seed}{failed}<br>trial {_style.text(curve.trial_id)}"
    crossed = curve.status == "failed"
    figure.add_scatter(
        x=steps, y=values, line=line, name="", xaxis=axis("x", panel), yaxis=axis("y", panel),
        mode="lines+markers" if crossed or len(steps) == 1 else "lines", hovertemplate=_template(words),
        marker={"symbol": ["circle"] * (len(steps) - 1) + ["x"] if crossed else "circle",
                "size": [0] * (len(steps) - 1) + [8], "color": line["color"], "line": {"width": 0}},
    )  # fmt: skip


def _mean(figure: go.Figure, panel: int, curve: MeanCurve, line: dict[str, Any]) -> None:
    steps, values = _thin(curve)
    figure.add_scatter(
        x=steps, y=values, line=line, name="", xaxis=axis("x", panel), yaxis=axis("y", panel),
        mode="lines+markers" if len(steps) == 1 else "lines",
        hovertemplate=_template(f"<b>{_style.text(curve.cell)}</b>, mean of {curve.n}"),
    )  # fmt: skip


def _template(words: str) -> str:
    return f"epoch %{{x}}: %{{y:.4g}}<br>{words}"
