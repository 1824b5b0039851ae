"""DET curve: the false non-match rate against the false match rate of verification, both axes logarithmic.

Martin, Doddington, Kamm, Ordowski, Przybocki: The DET Curve in Assessment of Detection Task Performance, Eurospeech
1997. The equal error rate is where a curve meets the diagonal.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _marks, _style
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.figures._marks import PlottedPoints, TraceGroup
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results

HEIGHT = 460
PREFIX = "verification/fnmr/"
CAPTION = (
    "False non-match rate (equal pairs rejected) at a false match rate (unequal pairs accepted) of at most the value "
    "on the x axis. Marks are means over seeds, bands 95% intervals. Dotted: both rates equal. Rates of 0 "
    "cannot stand on a logarithmic axis and are left out."
)


class Config(Settings):
    """`line`: the axis that tells lines apart; else all that vary."""

    line: str | None = None


@dataclass(frozen=True)
class DetPoint:
    """A cell's false non-match rate at one false match rate, from 0 to 1."""

    fmr: float
    estimate: CellEstimate


@dataclass(frozen=True)
class DetCurves:
    """The points with a result, by false match rate."""

    points: tuple[DetPoint, ...]

    @property
    def cells(self) -> list[str]:
        """The cells, each once."""
        return list(dict.fromkeys(point.estimate.cell for point in self.points))


def prepare(results: Results, config: Config) -> DetCurves:
    """The rates of every cell with a result. Raises NothingToDraw."""
    layout, points = results.layout(None, config.line), []
    for name in results.metrics:
        if name.startswith(PREFIX):
            fmr = float(name.removeprefix(PREFIX).removesuffix("pct")) / 100
            estimates = [cell_estimate(cell, metric(name)) for cell in results.cells(name, layout) if cell.values]
            points += [DetPoint(fmr, estimate) for estimate in estimates]
    if not points:
        raise NothingToDraw("No trial has verified pairs yet (`verification` among the protocols).")
    return DetCurves(tuple(sorted(points, key=lambda point: point.fmr)))


def draw(info: DetCurves) -> go.Figure:
    """A curve a cell."""
    looks = _style.style(info.cells)
    figure = _style.figure(HEIGHT, "Errors of verification at every threshold", CAPTION)
    for cell in info.cells:
        points = [point for point in info.points if point.estimate.cell == cell and point.estimate.mean > 0]
        name = _style.text(cell, 36)
        if not points:
            continue
        x, means = [point.fmr for point in points], [point.estimate for point in points]
        if all(each.has_interval for each in means):
            low = [max(each.low, each.mean / 20) for each in means]
            fill = _style.tint(looks[cell].colour, 0.15)
            _marks.band(figure, x, low, [each.high for each in means], fill, TraceGroup(legend=name))
        shown = PlottedPoints(x, [each.mean for each in means], [each.hover for each in means])
        _marks.line(figure, shown, looks[cell], 7, TraceGroup(name=name, legend=name, in_legend=True))
    figure.add_scatter(
        x=[0.001, 0.5], y=[0.001, 0.5], mode="lines", line={"dash": "dot", "width": 1, "color": "#888"},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(title_text="false match rate", type="log", tickformat="~%", dtick=1)
    figure.update_yaxes(title_text="false non-match rate", type="log", tickformat="~%", dtick=1)
    figure.update_layout(meta={**figure.layout.meta, "legend": True})
    return figure
