"""What losses cost against the batch size: time and memory of a forward and backward pass, in two panels.

Both axes are logarithmic: a cost that grows with the batch has slope 1, one that grows with its square slope 2.
"""

from math import log2

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _estimates, _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.results.cells import cells, layout, metrics
from probeline.report.results.metrics import metric

HEIGHT = 280
TITLES = {"seconds": "Time, s", "bytes": "Memory beside the embeddings, MiB"}
CAPTION = (
    "Forward and backward pass of the loss alone, float32. Marks are means over seeds, bars 95% intervals. "
    "Both axes are logarithmic: doubling the batch doubles a cost of slope 1 and quadruples one of slope 2. Seconds "
    "depend on the machine named under provenance."
)


class Config(Settings):
    """`line`: the axis that tells lines apart; else all that vary."""

    line: str | None = None


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a cost, batch size and cell with a result: what, batch_size, line, n, mean, low, high, hover.

    Raises NothingToDraw.
    """
    shape = layout(trials, None, config.line)
    rows = []
    for name in metrics(trials, "loss_benchmark/"):
        _, size, what = name.split("/")
        estimates = [_estimates.row(cell, metric(name)) for cell in cells(trials, name, shape) if cell.values]
        rows += [{"what": what, "batch_size": int(size), **row} for row in estimates]
    if not rows:
        raise _style.NothingToDraw("No trial has measured its loss yet (`loss_benchmark` among the protocols).")
    frame = pd.DataFrame(rows).sort_values("batch_size", kind="stable")
    frame.attrs = {"labels": list(dict.fromkeys(frame["cell"]))}
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    looks, sizes = _style.style(frame.attrs["labels"]), sorted(set(frame["batch_size"]))
    figure = panels(list(TITLES.values()), [HEIGHT] * 2, "What the loss costs against the batch size", CAPTION)
    for panel, what in enumerate(TITLES):
        for label in frame.attrs["labels"]:
            _line(figure, panel, frame[(frame["what"] == what) & (frame["cell"] == label)], looks[label])
        figure.layout[key("x", panel)].update(
            title_text="batch size, samples", type="log", tickvals=sizes, ticktext=[f"{size:,}" for size in sizes],
            range=[(log2(sizes[0]) - 0.4) / log2(10), (log2(sizes[-1]) + 0.4) / log2(10)], showgrid=False,
        )  # fmt: skip
        figure.layout[key("y", panel)].update(type="log", dtick=1, exponentformat="none")
    figure.update_layout(meta={**figure.layout.meta, "columns": 2, "legend": True})
    return figure


def _line(figure: go.Figure, panel: int, rows: pd.DataFrame, look: tuple[str, str]) -> None:
    if not len(rows):
        return
    colour, symbol = look
    scale = metric(f"loss_benchmark/1/{rows['what'].iloc[0]}").scale
    name = _style.text(rows["cell"].iloc[0], 36)
    shared = {"legendgroup": name, "name": name, "xaxis": axis("x", panel), "yaxis": axis("y", panel)}
    up, down = rows["high"] - rows["mean"], rows["mean"] - rows["low"].clip(lower=0.05 * rows["mean"])  # log has no 0
    figure.add_scatter(
        x=list(rows["batch_size"]), y=list(rows["mean"] * scale), mode="lines+markers", showlegend=panel == 0,
        line={"color": colour, "width": 2}, marker={"symbol": symbol, "size": 8},
        error_y={"array": list(up.fillna(0) * scale), "arrayminus": list(down.fillna(0) * scale), "width": 0,
                 "thickness": 3, "color": _style.tint(colour, 0.35)},
        hovertext=list(rows["hover"]), hovertemplate="%{hovertext}<extra></extra>", **shared,
    )  # fmt: skip
