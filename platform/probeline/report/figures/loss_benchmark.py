"""What losses cost against the batch size: time and memory of a forward and backward pass, in two panels.

Both axes are logarithmic: a cost that grows with the batch has slope 1, one that grows with its square slope 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.figures._marks import HOVER
from probeline.report.figures._panels import axis, key, panels
from probeline.report.figures._style import Look
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results

HEIGHT = 280
TITLES = {"seconds": "Time, s", "bytes": "Memory beside the embeddings, MiB"}
CAPTION = (
    "Forward and backward pass of the loss alone, float32. Marks are means over seeds, bars 95% intervals. "
    "Both axes are logarithmic: doubling the batch doubles a cost of slope 1 and quadruples one of slope 2. Seconds "
    "depend on the machine named under provenance."
)
PREFIX = "loss_benchmark/"


class Config(Settings):
    """`line`: the axis that tells lines apart; else all that vary."""

    line: str | None = None


@dataclass(frozen=True)
class LossCost:
    """What one cell's loss costs at one batch size; `what`: seconds or bytes."""

    what: str
    batch_size: int
    estimate: CellEstimate


@dataclass(frozen=True)
class LossTimes:
    """Costs with a result, by batch size."""

    costs: tuple[LossCost, ...]

    @property
    def cells(self) -> list[str]:
        """The cells, each once."""
        return list(dict.fromkeys(cost.estimate.cell for cost in self.costs))


def prepare(results: Results, config: Config) -> LossTimes:
    """The cost of every cell with a result, at each batch size. Raises NothingToDraw."""
    layout = results.layout(None, config.line)
    costs = []
    for name in results.metrics:
        if not name.startswith(PREFIX):
            continue
        _, size, what = name.split("/")
        estimates = [cell_estimate(cell, metric(name)) for cell in results.cells(name, layout) if cell.values]
        costs += [LossCost(what, int(size), estimate) for estimate in estimates]
    if not costs:
        raise NothingToDraw("No trial has measured its loss yet (`loss_benchmark` among the protocols).")
    return LossTimes(tuple(sorted(costs, key=lambda cost: cost.batch_size)))


def draw(info: LossTimes) -> go.Figure:
    """Time and memory, a line a cell."""
    looks, sizes = _style.style(info.cells), sorted({cost.batch_size for cost in info.costs})
    figure = panels(list(TITLES.values()), [HEIGHT] * 2, "What the loss costs against the batch size", CAPTION)
    for panel, what in enumerate(TITLES):
        for cell in info.cells:
            costs = [cost for cost in info.costs if cost.what == what and cost.estimate.cell == cell]
            if costs:
                _line(figure, panel, costs, looks[cell])
        figure.layout[key("x", panel)].update(
            title_text="batch size, samples", type="log", tickvals=sizes, ticktext=[f"{size:,}" for size in sizes],
            range=[(log2(sizes[0]) - 0.4) / log2(10), (log2(sizes[-1]) + 0.4) / log2(10)], showgrid=False,
        )  # fmt: skip
        figure.layout[key("y", panel)].update(type="log", dtick=1, exponentformat="none")
    figure.update_layout(meta={**figure.layout.meta, "columns": 2, "legend": True})
    return figure


def _line(figure: go.Figure, panel: int, costs: Sequence[LossCost], look: Look) -> None:
    scale = metric(f"{PREFIX}1/{costs[0].what}").scale
    estimates = [cost.estimate for cost in costs]
    name = _style.text(estimates[0].cell, 36)
    up = [(e.high - e.mean) * scale if e.has_interval else 0.0 for e in estimates]
    down = [(e.mean - max(e.low, 0.05 * e.mean)) * scale if e.has_interval else 0.0 for e in estimates]  # log has no 0
    figure.add_scatter(
        x=[cost.batch_size for cost in costs], y=[e.mean * scale for e in estimates], mode="lines+markers",
        showlegend=panel == 0, line={"color": look.colour, "width": 2}, marker={"symbol": look.symbol, "size": 8},
        error_y={"array": up, "arrayminus": down, "width": 0, "thickness": 3, "color": _style.tint(look.colour, 0.35)},
        hovertext=[e.hover for e in estimates], hovertemplate=HOVER, legendgroup=name, name=name,
        xaxis=axis("x", panel), yaxis=axis("y", panel),
    )  # fmt: skip
