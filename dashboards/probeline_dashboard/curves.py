"""Training curves of the selected cells: one colour per cell, one line per seed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probeline.experiment.trial import Trial
from probeline.report.figures import _style
from probeline.report.figures.training_curves import HEADINGS
from probeline.report.results.metrics import PERCENT, metric

from probeline_dashboard import figures
from probeline_dashboard.live import Live

HEIGHT = 340  # px
MAX_CELLS, MAX_CURVES, MAX_POINTS = 6, 60, 300
"""Plotted at most: cells where the user selected none, curves, points per curve."""

END_MARKERS = {"finished": "circle", "running": "circle-open", "failed": "x"}


@dataclass(frozen=True)
class Curve:
    """One trial's (epoch, value) points of one metric; `status` is that of `Live.status`."""

    trial: Trial
    status: str
    points: tuple[tuple[int, float], ...]


def choice(live: Live, labels: Sequence[str]) -> list[str]:
    """The labels of the cells to plot: the selected ones, else those that run, else those that ended last."""
    selected = [label for label in labels if label in live.grid.slots]
    if selected:
        return selected
    runs = live.following.runs
    begun = [trial for trial in live.base.trials if trial.id in runs]
    begun.sort(key=lambda trial: (live.status(trial) != "running", -(runs[trial.id].ended or 0)))
    latest = set(list(dict.fromkeys(trial.cell.label for trial in begun))[:MAX_CELLS])
    return [label for label in live.grid.slots if label in latest]


def read(live: Live, labels: Sequence[str], seeds: Collection[int] | None, name: str) -> list[Curve]:
    """The curves of these cells' trials; `seeds` None means all. Raises UserError where MLflow cannot be read."""
    wanted = [[t for t in live.grid.slots[label].trials if seeds is None or t.seed in seeds] for label in labels]
    per_cell = max(1, MAX_CURVES // max(1, len(labels)))  # so that every cell has a curve
    trials = [trial for cell in wanted for trial in cell[:per_cell]][:MAX_CURVES]
    points: dict[str, list[tuple[int, float]]] = {}
    for trial_id, step, value in live.following.history([trial.id for trial in trials], name):
        points.setdefault(trial_id, []).append((step, value))
    return [Curve(trial, live.status(trial), tuple(points[trial.id])) for trial in trials if trial.id in points]


def colours(labels: Sequence[str], before: Mapping[str, str]) -> dict[str, str]:
    """The colour of each cell's curves; a cell with a colour in `before` keeps it while others come and go."""
    retained = {label: before[label] for label in labels if before.get(label) in _style.PALETTE}
    uncoloured = [label for label in labels if label not in retained]
    free = [colour for colour in _style.PALETTE if colour not in retained.values()] or list(_style.PALETTE)
    return retained | {label: free[index % len(free)] for index, label in enumerate(uncoloured)}


def draw(curves: Sequence[Curve], name: str, colours: Mapping[str, str]) -> dict[str, Any]:
    """The plotly figure (data, layout) of one metric's curves; `colours`: cell label -> colour.

    The last marker is a ring for a running trial and a cross for a failed one.
    """
    described = metric(name)
    online = ": online, not a result" if name.startswith("online_probe/") else ""
    frame = _style.figure(HEIGHT, HEADINGS.get(name, described.heading) + online, direct=False)
    last = max((curve.trial.cell.recipe.training.epochs for curve in curves), default=1)
    frame.update_xaxes(title_text="epoch", range=[0, 1.02 * max(last, 1)], showgrid=False)
    frame.update_yaxes(tickformat=".0%" if described.unit == PERCENT else None, nticks=6)
    labelled: set[str] = set()  # cells that have their entry in the legend
    traces = []
    for curve in curves:
        label = curve.trial.cell.label
        traces.append(_curve(curve, colours[label], first=label not in labelled))
        labelled.add(label)
    return {"data": traces, "layout": figures.as_dict(frame)["layout"]}


def _curve(curve: Curve, colour: str, first: bool) -> dict[str, Any]:
    # A plain dict: plotly's own objects check what is in them, which for 60 curves takes a quarter of a second.
    stride = -(-len(curve.points) // MAX_POINTS)
    thin = [*curve.points[::-1][::stride]][::-1]
    label = curve.trial.cell.label
    words = f"{_style.text(label)}, seed {curve.trial.seed}, {curve.status}<br>trial {_style.text(curve.trial.id)}"
    symbol = END_MARKERS.get(curve.status, "circle")
    return {
        "type": "scatter", "mode": "lines+markers", "x": [step for step, _ in thin], "y": [y for _, y in thin],
        "line": {"color": colour, "width": 1.8}, "name": _style.text(label, 34), "showlegend": first,
        "legendgroup": _style.text(label, 200), "hovertemplate": f"epoch %{{x}}: %{{y:.4g}}<br>{words}<extra></extra>",
        "marker": {"symbol": [*["circle"] * (len(thin) - 1), symbol], "size": [*[0] * (len(thin) - 1), 9],
                   "color": colour, "line": {"color": colour, "width": 2 if symbol.endswith("open") else 0}},
    }  # fmt: skip


def caption(live: Live, labels: Sequence[str], selected: bool, plotted: int, total: int) -> str:
    """A caption: which cells are plotted, what the end markers mean, how many of `total` trials are `plotted`."""
    if not plotted:
        return (
            "These trials have recorded nothing step by step yet."
            if labels
            else "Curves grow here once a trial trains."
        )
    if selected:
        cells = "The chosen cells"
    elif live.counts()["running"]:
        cells = "The cells that run now; press cells of the grid to choose others"
    else:
        cells = "The cells that ended last; press cells of the grid to choose others"
    more = f" Of {total} trials {plotted} are drawn." if total > MAX_CURVES else ""
    return f"{cells}. A ring ends the curve of a trial that runs, a cross that of one that failed.{more}"
