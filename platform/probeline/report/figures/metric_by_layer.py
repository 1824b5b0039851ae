"""A metric of each layer of the encoder against the layer, a line a cell: where phones, words or speakers are.

As Hsu et al.: HuBERT, IEEE/ACM TASLP 2021, arXiv 2106.07447, figures 2 and 3.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go
from pydantic import Field

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _marks, _style
from probeline.report.figures._estimates import CellEstimate, axis_title, cell_estimate
from probeline.report.figures._marks import HOVER, PlottedPoints, TraceGroup
from probeline.report.figures._published import printed
from probeline.report.figures._style import Look
from probeline.report.results.metrics import PERCENT, Metric, metric
from probeline.report.results.references import Published, published
from probeline.report.results.results import Results

HEIGHT = 420
LAYER, OF_LAYER = "<layer>", re.compile(r" of layer \d+")


class Config(Settings):
    """`metric`: a name with `<layer>` where the layer's number stands.

    `published`: the label of a cell -> a layer of ours -> the published id that stands beside it.
    """

    metric: str = Field("unit_quality/layer_<layer>/pnmi", pattern="<layer>")
    published: dict[str, dict[int, str]] = Field(default_factory=dict)
    title: str = ""
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class LayerCurve:
    """One cell: its estimate and what is published by layer."""

    label: str
    layers: Mapping[int, CellEstimate]
    papers: Mapping[int, Published]


@dataclass(frozen=True)
class MetricByLayer:
    """A curve a cell in the plan's order; those without a layer are left out."""

    title: str
    metric: str
    curves: tuple[LayerCurve, ...]


def prepare(results: Results, config: Config) -> MetricByLayer:
    """The estimates of every layer that some trial recorded. Raises NothingToDraw, UserError."""
    names = {layer: name for name in results.metrics if (layer := _layer(config.metric, name)) is not None}
    if not names:
        raise NothingToDraw(f"No trial has finished with {config.metric} yet.")
    layout = results.layout(config.x, config.line)
    by_cell: dict[str, dict[int, CellEstimate]] = {}
    for layer, name in sorted(names.items()):
        for cell in results.cells(name, layout):
            if cell.values:
                by_cell.setdefault(cell.label, {})[layer] = cell_estimate(cell, metric(name))
    papers = {
        label: {layer: published(each)[0] for layer, each in of.items()} for label, of in config.published.items()
    }
    curves = tuple(LayerCurve(label, layers, papers.get(label, {})) for label, layers in by_cell.items())
    return MetricByLayer(config.title, names[min(names)], curves)


def _layer(pattern: str, name: str) -> int | None:
    before, _, after = pattern.partition(LAYER)
    number = name[len(before) : len(name) - len(after)]
    return int(number) if name == f"{before}{number}{after}" and number.isdecimal() else None


def draw(info: MetricByLayer) -> go.Figure:
    """A line a cell with the interval of every mean; published values as hollow marks."""
    described, looks = metric(info.metric), _style.style([curve.label for curve in info.curves])
    caption = (
        "Large marks are means over seeds, small marks seeds, bars 95% intervals. Layer 0 comes before the blocks."
    )
    if any(curve.papers for curve in info.curves):
        caption += " Hollow marks are published, of other data and larger networks: compare the order, not heights."
    title = info.title or f"{OF_LAYER.sub('', described.heading)} by layer"
    figure = _style.figure(HEIGHT, title, caption, legend=True)
    for curve in info.curves:
        _curve(figure, curve, looks[curve.label], described)
    figure.update_xaxes(title_text="layer", dtick=1)
    suffix = "%" if described.unit == PERCENT else ""
    figure.update_yaxes(title_text=OF_LAYER.sub("", axis_title(described)), ticksuffix=suffix)
    return figure


def _curve(figure: go.Figure, curve: LayerCurve, look: Look, described: Metric) -> None:
    legend = _style.text(curve.label, 200)
    group = TraceGroup(name=_style.text(curve.label, 36), legend=legend)
    for layer, each in curve.layers.items():
        points = PlottedPoints(
            [layer] * each.n, [value * described.scale for value in each.points.values()], list(each.hovers.values())
        )
        _marks.seeds(figure, points, _marks.seed_marker(look, 4, 0.6), group)
        if each.has_interval:
            ends = ((layer, each.low * described.scale), (layer, each.high * described.scale))
            _marks.interval(figure, ends, _style.tint(look.colour, 0.35), 4, group)
    means = [each.mean * described.scale if not math.isnan(each.mean) else None for each in curve.layers.values()]
    points = PlottedPoints(list(curve.layers), means, [each.hover for each in curve.layers.values()])
    _marks.line(figure, points, look, 8, TraceGroup(name=group.name, legend=legend, in_legend=True))
    if curve.papers:
        figure.add_scatter(
            x=list(curve.papers), y=[paper.fraction * described.scale for paper in curve.papers.values()],
            mode="markers", marker=_marks.hollow(look), showlegend=False, legendgroup=legend,
            hovertext=[printed(paper) for paper in curve.papers.values()], hovertemplate=HOVER,
        )  # fmt: skip
