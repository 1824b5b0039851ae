"""How much of the scores' variance each tuned key explains (fANOVA: Hutter, Hoos, Leyton-Brown, ICML 2014)."""

from dataclasses import dataclass
from statistics import fmean

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _marks, _style
from probeline.report.figures._marks import ALONE, PlottedPoints
from probeline.report.results.axis_values import short
from probeline.report.results.results import Results
from probeline.report.results.studies import keys, studies

ROW, FRAME = 38, 76  # px: of one key, of the margins and the axis


class Config(Settings):
    """`x` and `line` decide colours alone."""

    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class KeyImportance:
    """The share of variance, 0 to 1, that one key explains in each study; `lines`: of the studies' cells."""

    key: str
    shares: dict[str, float]  # cell -> share
    lines: dict[str, str]  # cell -> line

    @property
    def mean(self) -> float:
        """Over studies."""
        return fmean(self.shares.values())


@dataclass(frozen=True)
class TuningImportance:
    """The weightiest key first."""

    labels: tuple[str, ...]
    keys: tuple[KeyImportance, ...]


def prepare(results: Results, config: Config) -> TuningImportance:
    """The importance of each tuned key. Raises NothingToDraw."""
    layout = results.layout(config.x, config.line)
    tuned = studies(results.cells("", layout))
    explained = [(cell, one) for cell, one in tuned if one.importance]
    if not explained:
        reason = "No study has chosen yet." if not tuned else "Too few tuning trials to tell which key matters."
        raise NothingToDraw(reason)
    importances = []
    for key in keys(explained):
        shares = {cell.label: one.importance[key] for cell, one in explained if key in one.importance}
        if shares:
            lines = {cell.label: cell.line for cell, _ in explained if cell.label in shares}
            importances.append(KeyImportance(key, shares, lines))
    return TuningImportance(layout.labels, tuple(sorted(importances, key=lambda one: -one.mean)))


def draw(info: TuningImportance) -> go.Figure:
    """A bar a key, a mark a study."""
    looks, rows = _style.style(info.labels), list(enumerate(info.keys))
    caption = (
        "The share of the scores' variance that a key explains, within the space that was searched (fANOVA). "
        "Bars: means over studies; marks: single studies. It says what mattered, not which value is good."
    )
    figure = _style.figure(FRAME + ROW * len(rows), "What mattered while tuning", caption)
    hovers = [f"{_style.text(one.key)}: {one.mean:.0%}, mean of {len(one.shares)} studies" for one in info.keys]
    points = PlottedPoints([one.mean for one in info.keys], list(range(len(rows))), hovers)
    _marks.lying_bars(figure, points, _style.tint(_style.GREY, 0.45), 0.5, ALONE)
    marks = [(share, y, cell, looks[one.lines[cell]]) for y, one in rows for cell, share in one.shares.items()]
    points = PlottedPoints(
        [share for share, _, _, _ in marks],
        [y for _, y, _, _ in marks],
        [f"{_style.text(cell)}: {share:.0%}" for share, _, cell, _ in marks],
    )
    marker = {"symbol": [m[3].symbol for m in marks], "color": [m[3].colour for m in marks], "size": 7}
    _marks.seeds(figure, points, marker)
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", title_text="share of the variance of scores")
    names = [_style.wrapped(short(one.key), 24) for one in info.keys]
    figure.update_yaxes(
        range=[len(rows) - 0.5, -0.5], tickvals=list(range(len(rows))), ticktext=names, showgrid=False, ticks="",
        linewidth=0,
    )  # fmt: skip
    figure.update_layout(margin={"t": 8, "b": 56})
    return figure
