"""Curves of chosen trials, while they are trained: a colour a cell, a line a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from probeline.report.figures import _style
from probeline.report.figures.training_curves import HEADINGS
from probeline.report.metrics import PERCENT, metric
from probeline.spec.trial import Trial

from probeline_dashboard.live import Live

HEIGHT = 340
CELLS, CURVES, POINTS = 6, 60, 300
"""Drawn at most: cells that nobody chose, curves, points of one curve."""

ENDS = {"finished": "circle", "running": "circle-open", "failed": "x"}


@dataclass(frozen=True)
class Curve:
    """One trial's points of one metric; `word`: what has become of the trial."""

    trial: Trial
    word: str
    points: tuple[tuple[int, float], ...]


def choice(live: Live, labels: Sequence[str]) -> list[str]:
    """The cells to draw: those that were chosen, else those that run, else those that ended last."""
    known = [label for label in labels if label in live.grid.slots]
    if known:
        return known
    runs = live.following.runs
    begun = [trial for trial in live.base.trials if trial.id in runs]
    begun.sort(key=lambda trial: (live.word(trial) != "running", -(runs[trial.id].ended or 0)))
    return list(dict.fromkeys(trial.cell.label for trial in begun))[:CELLS]


def read(live: Live, labels: Sequence[str], seeds: Sequence[int] | None, name: str) -> list[Curve]:
    """The curves of these cells' trials; `seeds` None means all. Raises UserError where MLflow cannot be read."""
    trials = [trial for label in labels for trial in live.grid.slots[label].trials]
    trials = [trial for trial in trials if seeds is None or trial.seed in seeds][:CURVES]
    points: dict[str, list[tuple[int, float]]] = {}
    for trial_id, step, value in live.following.history([trial.id for trial in trials], name):
        points.setdefault(trial_id, []).append((step, value))
    return [Curve(trial, live.word(trial), tuple(points[trial.id])) for trial in trials if trial.id in points]


def colours(labels: Sequence[str]) -> dict[str, str]:
    """The colour of each cell's curves."""
    return {label: colour for label, (colour, _) in _style.style(labels).items()}


def draw(curves: Sequence[Curve], name: str, labels: Sequence[str]) -> go.Figure:
    """The curves of one metric. A ring ends the curve of a trial that runs, a cross that of one that failed."""
    about, looks = metric(name), colours(labels)
    online = ": online, not a result" if name.startswith("online_probe/") else ""
    drawn = _style.figure(HEIGHT, HEADINGS.get(name, about.heading) + online, direct=False)
    shown: set[str] = set()
    for curve in curves:
        label = curve.trial.cell.label
        _curve(drawn, curve, looks[label], first=label not in shown)
        shown.add(label)
    last = max((curve.trial.cell.recipe["training"]["epochs"] for curve in curves), default=1)
    drawn.update_xaxes(title_text="epoch", range=[0, 1.02 * max(last, 1)], showgrid=False)
    drawn.update_yaxes(tickformat=".0%" if about.unit == PERCENT else None, nticks=6)
    return drawn


def _curve(drawn: go.Figure, curve: Curve, colour: str, first: bool) -> None:
    stride = -(-len(curve.points) // POINTS)
    thin = [*curve.points[::-1][::stride]][::-1]
    label = curve.trial.cell.label
    words = f"{_style.text(label)}, seed {curve.trial.seed}, {curve.word}<br>trial {_style.text(curve.trial.id)}"
    symbol = ENDS.get(curve.word, "circle")
    drawn.add_scatter(
        x=[step for step, _ in thin], y=[value for _, value in thin], mode="lines+markers",
        line={"color": colour, "width": 1.8}, name=_style.text(label, 34), legendgroup=_style.text(label, 200),
        showlegend=first, hovertemplate=f"epoch %{{x}}: %{{y:.4g}}<br>{words}<extra></extra>",
        marker={"symbol": [*["circle"] * (len(thin) - 1), symbol], "size": [*[0] * (len(thin) - 1), 9],
                "color": colour, "line": {"color": colour, "width": 2 if symbol.endswith("open") else 0}},
    )  # fmt: skip


def caption(live: Live, labels: Sequence[str], chosen: bool, drawn: int, wanted: int) -> str:
    """What the picture shows, in a sentence."""
    if not drawn:
        return "" if not labels else "These trials have recorded nothing step by step yet."
    if chosen:
        what = "The chosen cells"
    elif live.counts()["running"]:
        what = "The cells that run now; press cells of the grid to choose others"
    else:
        what = "The cells that ended last; press cells of the grid to choose others"
    more = f" The first {drawn} of {wanted} trials are drawn." if wanted > CURVES else ""
    return f"{what}. A ring ends the curve of a trial that runs, a cross that of one that failed.{more}"
