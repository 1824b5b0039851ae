"""Share of runs above each score, a line a method: what holds over all cells (Agarwal et al. 2021, section 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _marks, _style
from probeline.report.figures._style import Look
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.results import Results
from probeline.statistics.aggregates import MIN_RUNS, MIN_STRATUM, Profile, profile

HEIGHT, THRESHOLDS = 400, 101
READING = {
    "higher": "A line that lies above another everywhere is better whatever the score. ",
    "lower": "A line that lies below another everywhere is better whatever the score. ",
    "none": "",
}


class Config(Settings):
    """Runs are pooled over every axis but `line`; where one is the data set, that is over data sets."""

    metric: str | None = None
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True, eq=False)
class LineProfile:
    """One line's share of runs above each threshold, and how many runs and cells it rests on."""

    line: str
    runs: int
    cells: int
    profile: Profile


@dataclass(frozen=True)
class PerformanceProfiles:
    """The lines that have runs, in the spec's order."""

    metric: str
    labels: tuple[str, ...]
    profiles: tuple[LineProfile, ...]


def prepare(results: Results, config: Config) -> PerformanceProfiles:
    """The profile of each line. Raises NothingToDraw."""
    name = config.metric or results.main_metric
    layout = results.layout(config.x, config.line)
    cells = [cell for cell in results.cells(name, layout) if cell.values]
    if not cells:
        raise NothingToDraw(f"No trial has finished with {name} yet.")
    values = [value for cell in cells for value in cell.values.values()]
    at = np.linspace(min(values), max(values), THRESHOLDS).tolist()
    profiles = []
    for line in layout.labels:
        runs: dict[object, Sequence[float]] = {
            cell.label: list(cell.values.values()) for cell in cells if cell.line == line
        }
        if runs:
            profiles.append(LineProfile(line, sum(map(len, runs.values())), len(runs), profile(runs, at)))
    return PerformanceProfiles(name, layout.labels, tuple(profiles))


def draw(info: PerformanceProfiles) -> go.Figure:
    """A step line a method, with its band."""
    described, looks = metric(info.metric), _style.style(info.labels)
    caption = (
        "Each line: the share of its runs (cells and seeds together) that score above the value below. "
        f"{READING[described.direction]}Bands: 95% at each score, from {MIN_RUNS} runs on, "
        f"{MIN_STRATUM} or more in each cell."
    )
    figure = _style.figure(HEIGHT, f"Performance profiles, {described.title}", caption, direct=False)
    for one in info.profiles:
        _line(figure, one, looks[one.line], described.scale)
    suffix = "%" if described.unit == PERCENT else ""
    figure.update_xaxes(title_text=_style.text(described.title), ticksuffix=suffix, showgrid=False)
    figure.update_yaxes(title_text="share of runs above", tickformat=".0%", range=[0, 1.02])
    return figure


def _line(figure: go.Figure, one: LineProfile, look: Look, scale: float) -> None:
    x, of = (one.profile.thresholds * scale).tolist(), one.profile
    if of.low is not None and of.high is not None:
        _marks.band(figure, x, of.low.tolist(), of.high.tolist(), _style.tint(look.colour, 0.13), _marks.ALONE)
    words = f"{_style.text(one.line)}: {one.runs} runs in {one.cells} cells"
    figure.add_scatter(
        x=x, y=of.share.tolist(), mode="lines", line={"color": look.colour, "width": 2, "shape": "hv"},
        name=_style.text(one.line, 40), hovertemplate=f"{words}<br>%{{y:.0%}} above %{{x:.1f}}<extra></extra>",
    )  # fmt: skip
