"""A metric against the exact number of parameters; supervised cells as grey crosses (SimCLR, figures 1 and 7)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _marks, _published, _style
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.figures._marks import HOVER
from probeline.report.figures._style import GREY, Look
from probeline.report.results.cells import CellResult
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.published_matching import Correspondence, correspondence
from probeline.report.results.rank_correlation import sentence
from probeline.report.results.references import Published, chosen
from probeline.report.results.results import Results

HEIGHT = 480
COUNT = "cost/parameters"
SIZE = "params_M"  # what the published setups call it, in millions


class Config(Settings):
    """`supervised` is the method that is drawn as grey crosses."""

    metric: str | None = None
    supervised: str = "supervised"
    x: str | None = None
    line: str | None = None
    references: References | None = None


@dataclass(frozen=True)
class SizedCell:
    """One cell and the mean number of its parameters."""

    method: str
    supervised: bool
    parameters: float
    hover: str
    estimate: CellEstimate


@dataclass(frozen=True)
class SizedReference:
    """A published value with a number of parameters; `value` as this project stores it."""

    id: str
    parameters: float
    value: float
    supervised: bool
    hover: str


@dataclass(frozen=True)
class SizedReferences:
    """Published values, and the words around them."""

    points: tuple[SizedReference, ...]
    agreement: str
    notes: tuple[str, ...]
    datasets: tuple[str, ...]


@dataclass(frozen=True)
class AccuracyAgainstParameters:
    """A row a cell that has parameters, in the plan's order."""

    metric: str
    cells: tuple[SizedCell, ...]
    published: SizedReferences | None

    @property
    def methods(self) -> list[str]:
        """The methods, each once."""
        return list(dict.fromkeys(cell.method for cell in self.cells))


def prepare(results: Results, config: Config) -> AccuracyAgainstParameters:
    """Every cell with a count. Raises NothingToDraw."""
    name = config.metric or results.main_metric
    layout = results.layout(config.x, config.line)
    counts = {cell.label: cell.estimate.mean for cell in results.cells(COUNT, layout)}
    cells = results.cells(name, layout)
    counted = [cell for cell in cells if counts[cell.label] > 0]
    if not any(cell.values for cell in counted):
        raise NothingToDraw(f"No trial has finished with {name} and a count of parameters yet.")
    sized = tuple(_sized(cell, counts[cell.label], config, name) for cell in counted)
    return AccuracyAgainstParameters(name, sized, _references(config.references, name, cells))


def _references(references: References | None, name: str, cells: Sequence[CellResult]) -> SizedReferences | None:
    beside = correspondence(references, name, cells)
    if beside is None or references is None:
        return None
    points = [point for point in chosen(references) if SIZE in point.setup and point.metric == "top1"]
    if not points:
        return None
    datasets = tuple(dict.fromkeys(point.dataset for point in points))
    return SizedReferences(tuple(map(_reference, points)), sentence(_once(beside), cells), beside.notes, datasets)


def _once(beside: Correspondence) -> Correspondence:
    """Each cell beside one value: the first printed, which is the one at the fewest epochs."""
    first = {match.cells: match for match in reversed(beside.matches) if match.cells}
    return replace(beside, matches=tuple(reversed(first.values())))


def _sized(cell: CellResult, count: float, config: Config, name: str) -> SizedCell:
    method = (cell.recipe.get("method") or {}).get("name", cell.line)
    estimate = cell_estimate(cell, metric(name))
    hover = _style.hover(estimate.hover, f"{count:,.0f} parameters")
    return SizedCell(method, method == config.supervised, count, hover, estimate)


def _reference(point: Published) -> SizedReference:
    supervised = "supervised" in str(point.setup.get("method", point.id)).lower()
    return SizedReference(point.id, point.setup[SIZE] * 1e6, point.fraction, supervised, _published.printed(point))


def draw(info: AccuracyAgainstParameters) -> go.Figure:
    """A line a method on a logarithmic axis; the paper's values on axes of their own."""
    described, published = metric(info.metric), info.published
    figure = _style.figure(HEIGHT, f"{described.heading} against parameters", _caption(info), direct=False)
    looks, suffix = _style.style(info.methods), "%" if described.unit == PERCENT else ""
    for method in info.methods:
        cells = [cell for cell in info.cells if cell.method == method and cell.estimate.n]
        if cells:
            ascending = sorted(cells, key=lambda cell: cell.parameters)
            _method(figure, ascending, looks[method], described.scale)
    figure.update_xaxes(type="log", title_text="parameters", **_decades([cell.parameters for cell in info.cells]))
    figure.update_yaxes(title_text=_style.text(described.title), ticksuffix=suffix)
    if published:
        _paper(figure, published, described.scale, suffix)
    figure.update_layout(xaxis={"showgrid": False}, margin={"t": 56 if published else 16})
    return figure


def _caption(info: AccuracyAgainstParameters) -> str:
    caption = (
        "Parameters of the encoder as counted in each trial, on a logarithmic axis. Large marks are means over seeds, "
        "bars their 95% interval. Grey crosses saw the labels."
    )
    if info.published is None:
        return caption
    words = _published.caption_of(info.published.datasets, info.published.notes, info.published.agreement)
    return caption + words.replace("the right-hand axis", "the axes above and to the right")


def _decades(counts: Sequence[float]) -> dict[str, Any]:
    """Range and ticks of a logarithmic axis: 1, 2 and 5 of each power of ten."""
    low, high = math.log10(min(counts)), math.log10(max(counts))
    pad = 0.08 * (high - low) or 0.3
    ticks = [m * 10**e for e in range(math.floor(low - pad), math.ceil(high + pad) + 1) for m in (1, 2, 5)]
    ticks = ticks if high - low < 2.2 else ticks[::3]
    named = [f"{t / 1e6:g}M" if t >= 1e6 else f"{t / 1e3:g}k" if t >= 1e3 else f"{t:g}" for t in ticks]
    return {"range": [low - pad, high + pad], "tickmode": "array", "tickvals": ticks, "ticktext": named}


def _method(figure: go.Figure, cells: Sequence[SizedCell], look: Look, scale: float) -> None:
    grey = cells[0].supervised
    look = Look(GREY, "x") if grey else look
    for cell in cells:
        if cell.estimate.has_interval:
            ends = ((cell.parameters, cell.estimate.low * scale), (cell.parameters, cell.estimate.high * scale))
            _marks.interval(figure, ends, _style.tint(look.colour, 0.4), 4)
    figure.add_scatter(
        x=[cell.parameters for cell in cells], y=[cell.estimate.mean * scale for cell in cells],
        name=_style.text(cells[0].method, 36), mode="markers" if grey else "lines+markers",
        line={"color": look.colour, "width": 1.5},
        marker={"symbol": look.symbol, "size": 10, "color": look.colour, "line": {"width": 0}},
        hovertext=[cell.hover for cell in cells], hovertemplate=HOVER,
    )  # fmt: skip


def _paper(figure: go.Figure, published: SizedReferences, scale: float, suffix: str) -> None:
    for supervised in (False, True):
        group = [point for point in published.points if point.supervised == supervised]
        if group:
            figure.add_scatter(
                x=[point.parameters for point in group], y=[point.value * scale for point in group], xaxis="x2",
                yaxis="y2", mode="markers", name="published" + ", supervised" * supervised, hovertemplate=HOVER,
                marker={"symbol": "x-open" if supervised else "circle-open", "size": 8, "color": GREY},
                hovertext=[point.hover for point in group],
            )  # fmt: skip
    data = _style.text(published.datasets[0], 36)
    figure.update_layout(
        xaxis2={"overlaying": "x", "side": "top", "type": "log", "showgrid": False, "anchor": "y2",
                **_decades([point.parameters for point in published.points]),
                "title": {"text": "parameters, published"}},
        yaxis2={"overlaying": "y", "side": "right", "tickmode": "auto", "showgrid": False, "anchor": "x2",
                "ticksuffix": suffix, "title": {"text": f"published, {data}"}},
    )  # fmt: skip
