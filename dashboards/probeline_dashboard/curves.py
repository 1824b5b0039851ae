"""Curves of chosen trials, while they are trained: a colour a cell, a line a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probeline.experiment.trial import Trial
from probeline.report.figures import _style
from probeline.report.figures.training_curves import HEADINGS
from probeline.report.results.metrics import PERCENT, metric

from probeline_dashboard import figures
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
    latest = set(list(dict.fromkeys(trial.cell.label for trial in begun))[:CELLS])
    return [label for label in live.grid.slots if label in latest]


def read(live: Live, labels: Sequence[str], seeds: Sequence[int] | None, name: str) -> list[Curve]:
    """The curves of these cells' trials; `seeds` None means all. Raises UserError where MLflow cannot be read."""
    wanted = [[t for t in live.grid.slots[label].trials if seeds is None or t.seed in seeds] for label in labels]
    each = max(1, CURVES // max(1, len(labels)))  # so that every cell has some
    trials = [trial for cell in wanted for trial in cell[:each]][:CURVES]
    points: dict[str, list[tuple[int, float]]] = {}
    for trial_id, step, value in live.following.history([trial.id for trial in trials], name):
        points.setdefault(trial_id, []).append((step, value))
    return [Curve(trial, live.word(trial), tuple(points[trial.id])) for trial in trials if trial.id in points]


def colours(labels: Sequence[str], before: Mapping[str, str]) -> dict[str, str]:
    """The colour of each cell's curves; a cell that was drawn `before` keeps its own while others come and go."""
    kept = {label: before[label] for label in labels if before.get(label) in _style.PALETTE}
    fresh = [label for label in labels if label not in kept]
    free = [colour for colour in _style.PALETTE if colour not in kept.values()] or list(_style.PALETTE)
    return kept | {label: free[place % len(free)] for place, label in enumerate(fresh)}


def draw(curves: Sequence[Curve], name: str, looks: Mapping[str, str]) -> dict[str, Any]:
    """The curves of one metric as the page draws them; `looks`: the colour of each cell.

    A ring ends the curve of a trial that runs, a cross that of one that failed.
    """
    about = metric(name)
    online = ": online, not a result" if name.startswith("online_probe/") else ""
    frame = _style.figure(HEIGHT, HEADINGS.get(name, about.heading) + online, direct=False)
    last = max((curve.trial.cell.recipe["training"]["epochs"] for curve in curves), default=1)
    frame.update_xaxes(title_text="epoch", range=[0, 1.02 * max(last, 1)], showgrid=False)
    frame.update_yaxes(tickformat=".0%" if about.unit == PERCENT else None, nticks=6)
    shown: set[str] = set()
    drawn = []
    for curve in curves:
        label = curve.trial.cell.label
        drawn.append(_curve(curve, looks[label], first=label not in shown))
        shown.add(label)
    return {"data": drawn, "layout": figures.as_dict(frame)["layout"]}


def _curve(curve: Curve, colour: str, first: bool) -> dict[str, Any]:
    # A plain dict: plotly's own objects check what is in them, which for 60 curves takes a quarter of a second.
    stride = -(-len(curve.points) // POINTS)
    thin = [*curve.points[::-1][::stride]][::-1]
    label = curve.trial.cell.label
    words = f"{_style.text(label)}, seed {curve.trial.seed}, {curve.word}<br>trial {_style.text(curve.trial.id)}"
    symbol = ENDS.get(curve.word, "circle")
    return {
        "type": "scatter", "mode": "lines+markers", "x": [step for step, _ in thin], "y": [y for _, y in thin],
        "line": {"color": colour, "width": 1.8}, "name": _style.text(label, 34), "showlegend": first,
        "legendgroup": _style.text(label, 200), "hovertemplate": f"epoch %{{x}}: %{{y:.4g}}<br>{words}<extra></extra>",
        "marker": {"symbol": [*["circle"] * (len(thin) - 1), symbol], "size": [*[0] * (len(thin) - 1), 9],
                   "color": colour, "line": {"color": colour, "width": 2 if symbol.endswith("open") else 0}},
    }  # fmt: skip


def caption(live: Live, labels: Sequence[str], chosen: bool, drawn: int, wanted: int) -> str:
    """What the picture shows, in a sentence."""
    if not drawn:
        return (
            "These trials have recorded nothing step by step yet."
            if labels
            else "Curves grow here once a trial trains."
        )
    if chosen:
        what = "The chosen cells"
    elif live.counts()["running"]:
        what = "The cells that run now; press cells of the grid to choose others"
    else:
        what = "The cells that ended last; press cells of the grid to choose others"
    more = f" Of {wanted} trials {drawn} are drawn." if wanted > CURVES else ""
    return f"{what}. A ring ends the curve of a trial that runs, a cross that of one that failed.{more}"
