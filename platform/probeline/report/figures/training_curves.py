"""What was watched during training, a panel a line: each trial faint, each cell's mean bold."""

from itertools import cycle

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._panels import axis, panels
from probeline.report.results.cells import cells as read_cells
from probeline.report.results.cells import layout, short, shown
from probeline.report.results.metrics import PERCENT, metric

HEIGHT = 190
MOST = 200  # trials with a curve of their own; more are a blur, and megabytes
STEPS = 200  # points drawn of one curve at most
ONLINE = "online_probe/"
HEADINGS = {"train/loss": "Training loss", "train/lr": "Learning rate"}
MARKS = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


class Config(Settings):
    """`watched` is what the history calls it: `train/loss`, `train/lr`, `online_probe/top1`."""

    watched: str = "train/loss"
    x: str | None = None
    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """A row for each trial, step and value, with line, cell and seed; `trial_id` is None for a cell's mean.

    A mean stands only at steps that all of the cell's trials with a history have reached; trials that failed keep
    their curve and are marked in `status`, and are in no mean. Of more than MOST trials, `attrs["many"]`, only means
    and failed trials have rows. Raises NothingToDraw.
    """
    shape = layout(trials, config.x, config.line)
    results = read_cells(trials, config.watched, shape)
    lines_of_cells = pd.DataFrame(
        [{"cell": c.label, "line": c.line, "x": c.x} for c in results], columns=["cell", "line", "x"]
    )
    plan = trials[["trial_id", "cell", "seed", "status"]].merge(lines_of_cells, on="cell")
    curves = history[history["name"] == config.watched].merge(plan, on="trial_id")[
        ["line", "cell", "x", "trial_id", "seed", "status", "step", "value"]
    ]
    if not len(curves):
        raise _style.NothingToDraw(f"No trial has recorded {config.watched}.")
    curves = curves.sort_values(["trial_id", "step"], kind="stable")
    done = curves[curves["status"] == "finished"]
    per_step = done.groupby(["line", "cell", "step"], sort=False, dropna=False)
    means = per_step.agg(x=("x", "first"), value=("value", "mean"), n=("value", "size")).reset_index()
    reached = done.groupby("cell")["trial_id"].nunique()
    means = means[means["n"] == means["cell"].map(reached)]
    many = curves["trial_id"].nunique() > MOST
    if many:
        curves = curves[curves["status"] == "failed"]
    frame = pd.concat([curves.assign(n=1), means.assign(trial_id=None, status="mean")], ignore_index=True)
    frame.attrs = {"name": config.watched, "labels": list(shape.labels), "x_values": list(shape.x_values), "x": shape.x}
    frame.attrs["many"] = many
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described, looks = metric(frame.attrs["name"]), _style.style(frame.attrs["labels"])
    present = set(frame["line"])
    lines = [line for line in frame.attrs["labels"] if line in present]
    title, caption = _words(frame, described.heading)
    figure = panels([_style.text(line, 36) for line in lines], [HEIGHT] * len(lines), title, caption)
    for i, line in enumerate(lines):
        group = frame[frame["line"] == line]
        dashes = dict(zip(dict.fromkeys(group["cell"]), cycle(MARKS), strict=False))
        for curve_id, curve in group[group["trial_id"].notna()].groupby("trial_id", sort=False):
            faint = {"color": _style.tint(looks[line][0], 0.3), "width": 1, "dash": dashes[curve["cell"].iloc[0]]}
            _curve(figure, i, curve, faint, str(curve_id))
        for cell, curve in group[group["trial_id"].isna()].groupby("cell", sort=False):
            _mean(figure, i, curve, {"color": looks[line][0], "width": 2.2, "dash": dashes[cell]})
    figure.update_xaxes(title_text="epoch", rangemode="tozero", showgrid=False)
    figure.update_yaxes(tickformat=".0%" if described.unit == PERCENT else None, nticks=5)
    figure.update_layout(showlegend=False)
    return figure


def _words(frame: pd.DataFrame, title: str) -> tuple[str, str]:
    name = frame.attrs["name"]
    heading = HEADINGS.get(name, title)
    caption = "Faint: one trial. Bold: the mean of a cell's finished trials. Each panel has its own scale."
    if frame.attrs["many"]:
        caption = (
            f"The mean of each cell's finished trials; single trials are drawn where there are {MOST} at most, and "
            "failed ones always. Each panel has its own scale."
        )
    values = [shown(value) for value in frame.attrs["x_values"]]
    if values:
        marks = ("solid", "dashed", "dotted", "dash-dotted")
        named = [f"{value} {mark}" for value, mark in zip(values, marks, strict=False)]
        named += ["the rest on hover"] * (len(values) > len(marks))
        caption += f" {short(frame.attrs['x']).capitalize()}: {', '.join(named)}."
    if name.startswith(ONLINE):
        return (
            f"{heading}: online, not a result",
            f"Watched during training, with labels. It decides nothing. {caption}",
        )
    return heading, caption


def _thin(curve: pd.DataFrame) -> pd.DataFrame:
    """Every k-th step and the last."""
    if len(curve) <= STEPS:
        return curve
    stride = -(-len(curve) // STEPS)
    thinned = curve.iloc[::stride]
    return thinned if thinned.index[-1] == curve.index[-1] else pd.concat([thinned, curve.tail(1)])


def _curve(figure: go.Figure, panel: int, curve: pd.DataFrame, line: dict, trial: str) -> None:
    thin, first = _thin(curve), curve.iloc[0]
    failed = "" if first["status"] == "finished" else f", {_style.text(first['status'])}"
    words = f"{_style.text(first['cell'])}, seed {first['seed']:.0f}{failed}<br>trial {_style.text(trial)}"
    single = len(thin) == 1 or first["status"] == "failed"
    figure.add_scatter(
        x=list(thin["step"]), y=list(thin["value"]), line=line, name="", xaxis=axis("x", panel), yaxis=axis("y", panel),
        mode="lines+markers" if single else "lines", hovertemplate=f"epoch %{{x}}: %{{y:.4g}}<br>{words}",
        marker={"symbol": ["circle"] * (len(thin) - 1) + ["x"] if first["status"] == "failed" else "circle",
                "size": [0] * (len(thin) - 1) + [8], "color": line["color"], "line": {"width": 0}},
    )  # fmt: skip


def _mean(figure: go.Figure, panel: int, curve: pd.DataFrame, line: dict) -> None:
    thin, first = _thin(curve), curve.iloc[0]
    words = f"<b>{_style.text(first['cell'])}</b>, mean of {first['n']:.0f}"
    figure.add_scatter(
        x=list(thin["step"]), y=list(thin["value"]), line=line, name="", xaxis=axis("x", panel), yaxis=axis("y", panel),
        mode="lines+markers" if len(thin) == 1 else "lines", hovertemplate=f"epoch %{{x}}: %{{y:.4g}}<br>{words}",
    )  # fmt: skip
