"""Named metrics side by side as bars, for each line: what h and z keep (SimCLR, table 3), label fractions (table 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from pydantic import Field

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _marks, _style
from probeline.report.figures._estimates import CellEstimate, cell_estimate
from probeline.report.figures._marks import ALONE, HOVER, PlottedPoints, TraceGroup
from probeline.report.figures._style import Look
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.rank_correlation import sentence_of
from probeline.report.results.references import Published, published
from probeline.report.results.results import Results

HEIGHT = 440


class Config(Settings):
    """`groups`: a group's name -> a metric, or series -> metric, as in `{rotation: {h: kept/a, z: kept/b}}`.

    `published`: a group's name -> a published id, or series, line or cell -> id; drawn hollow at its bar.
    """

    groups: dict[str, str | dict[str, str]] = Field(min_length=1)
    published: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    title: str = ""
    where: dict[str, Any] = Field(default_factory=dict, description="Only cells with these values of axes.")
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class Bar:
    """One cell's value of one metric; `name` is that of all bars of its colour."""

    group: str
    series: str
    name: str
    metric: str
    estimate: CellEstimate
    paper: Published | None


@dataclass(frozen=True)
class MetricBars:
    """Bars by group, then series, then cell."""

    title: str
    groups: tuple[str, ...]
    bars: tuple[Bar, ...]

    @property
    def names(self) -> list[str]:
        """What the bars are called, each once."""
        return list(dict.fromkeys(bar.name for bar in self.bars))

    @property
    def agreement(self) -> str:
        """The sentence on shape, over the bars that have a published value; empty where none has."""
        beside = [(bar, bar.paper) for bar in self.bars if bar.paper]
        if not beside:
            return ""
        tables = dict.fromkeys(".".join(paper.id.split(".")[:2]) for _, paper in beside)
        pairs = [(bar.estimate.mean, paper.fraction) for bar, paper in beside if bar.estimate.n]
        return sentence_of(" and ".join(tables), pairs)


def prepare(results: Results, config: Config) -> MetricBars:
    """A bar a group, series and cell. Raises NothingToDraw, UserError."""
    wanted = [(g, s, name) for g, of in config.groups.items() for s, name in _series(of).items()]
    if not {name for _, _, name in wanted} & set(results.metrics):
        raise NothingToDraw(f"No trial has finished with {wanted[0][2]} or the others yet.")
    results = results.matching(config.where)
    layout = results.layout(config.x, config.line)
    bars = []
    for group, series, name in wanted:
        cells = results.cells(name, layout)
        printed = _series(config.published.get(group, {}))
        for cell in cells:
            alone = len(cells) == 1
            bar = series if alone and series else f"{cell.label}, {series}" if series else cell.label
            name_of = series or (cell.line if cell.line in printed else cell.label)
            point = printed.get(name_of, printed.get(series))
            paper = published(point)[0] if point else None
            bars.append(Bar(group, series, bar, name, cell_estimate(cell, metric(name)), paper))
    return MetricBars(config.title, tuple(config.groups), tuple(bars))


def _series(of: str | dict[str, str]) -> dict[str, str]:
    return of if isinstance(of, dict) else {"": of}


def draw(info: MetricBars) -> go.Figure:
    """Groups along x, a colour a name."""
    described, names = metric(info.bars[0].metric), info.names
    looks = _style.style(names)
    caption = "Bars are means over seeds with their 95% interval. A dash: no result."
    if any(bar.paper for bar in info.bars):
        caption += f" Hollow marks are published, on other data: compare the order, not heights. {info.agreement}"
    figure = _style.figure(HEIGHT, info.title or f"{described.heading} and its like", caption, direct=False)
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        bars = [bar for bar in info.bars if bar.name == name]
        at = [info.groups.index(bar.group) + (i - (len(names) - 1) / 2) * width for bar in bars]
        _bars(figure, list(zip(at, bars, strict=True)), looks[name], width, described.scale)
    figure.update_xaxes(
        tickvals=list(range(len(info.groups))), ticktext=[_style.wrapped(g, 18) for g in info.groups], showgrid=False,
        range=[-0.6, len(info.groups) - 0.4],
    )  # fmt: skip
    unit = "percent" if described.unit == PERCENT else described.unit or "value"
    suffix = "%" if described.unit == PERCENT else ""
    figure.update_yaxes(rangemode="tozero", ticksuffix=suffix, title_text=_style.text(unit))
    return figure


def _bars(figure: go.Figure, placed: Sequence[tuple[float, Bar]], look: Look, width: float, scale: float) -> None:
    """All bars of one name, with what the paper prints."""
    means = [bar.estimate.mean * scale if bar.estimate.n else None for _, bar in placed]
    points = PlottedPoints([x for x, _ in placed], means, [bar.estimate.hover for _, bar in placed])
    group = TraceGroup(name=_style.text(placed[0][1].name, 40), in_legend=None)
    _marks.bars(figure, points, _style.tint(look.colour, 0.5), width * 0.9, group, look.hatch)
    for x, bar in placed:
        if bar.estimate.has_interval:
            ends = ((x, bar.estimate.low * scale), (x, bar.estimate.high * scale))
            _marks.interval(figure, ends, look.colour, 2, ALONE)
        if bar.estimate.n == 0:
            _marks.missing_bar(figure, x, bar.estimate.hover)
    paper = [(x, bar.paper) for x, bar in placed if bar.paper]
    if paper:
        figure.add_scatter(
            x=[x for x, _ in paper], y=[printed.fraction * scale for _, printed in paper], mode="markers",
            showlegend=False, hovertemplate=HOVER, hovertext=[_printed(printed, scale) for _, printed in paper],
            marker={"symbol": "diamond-open", "size": 10, "color": look.colour, "line": {"width": 1.8}},
        )  # fmt: skip


def _printed(paper: Published, scale: float) -> str:
    lines = (_style.text(line, 110) for line in paper.words())
    return _style.hover(f"<b>published: {paper.fraction * scale:.1f}</b>", *lines)
