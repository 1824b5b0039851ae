"""A study trial by trial: each score, and the best so far."""

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._marks import HOVER
from probeline.report.figures._panels import axis, panels
from probeline.report.figures._style import Look
from probeline.report.results.metrics import PERCENT, metric
from probeline.report.results.results import Results
from probeline.report.results.studies import StudyResult, studies

HEIGHT = 170  # px
MAX_STUDIES = 24


class Config(Settings):
    """`x` and `line` decide colours alone."""

    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class TuningTrial:
    """One tuning trial; `score` is None for what was not judged, `best` up to here None before the first score."""

    number: int  # from 1
    score: float | None
    best: float | None
    state: str
    values: dict[str, Any]


@dataclass(frozen=True)
class TuningStudy:
    """The tuning trials of one cell, in the order in which they were asked."""

    cell: str
    line: str
    trials: tuple[TuningTrial, ...]


@dataclass(frozen=True)
class TuningHistory:
    """The first MAX_STUDIES studies; `omitted` counts the others."""

    metric: str
    labels: tuple[str, ...]
    studies: tuple[TuningStudy, ...]
    omitted: int

    @property
    def scores(self) -> list[float]:
        """All scores."""
        return [trial.score for study in self.studies for trial in study.trials if trial.score is not None]


def prepare(results: Results, config: Config) -> TuningHistory:
    """The studies that have tuning trials. Raises NothingToDraw."""
    layout = results.layout(config.x, config.line)
    tuned = [(cell, one) for cell, one in studies(results.cells("", layout)) if one.points]
    if not tuned:
        raise NothingToDraw("No study has chosen yet.")
    listed = tuple(TuningStudy(cell.label, cell.line, _trials(one)) for cell, one in tuned[:MAX_STUDIES])
    return TuningHistory(tuned[0][1].metric, layout.labels, listed, max(0, len(tuned) - MAX_STUDIES))


def _trials(study: StudyResult) -> tuple[TuningTrial, ...]:
    best: float | None = None
    trials = []
    for point in sorted(study.points, key=lambda point: point.number):
        if point.score is not None and (best is None or study.sign * best < study.sign * point.score):
            best = point.score
        trials.append(TuningTrial(point.number + 1, point.score, best, point.state, point.values))
    return tuple(trials)


def draw(info: TuningHistory) -> go.Figure:
    """A panel a study."""
    described, looks = metric(info.metric), _style.style(info.labels)
    caption = "Points: tuning trials, in the order in which they were asked. The line: the best so far. Crosses were "
    caption += "given up, diverged or failed."
    caption += f" {info.omitted} studies more are in the table." * bool(info.omitted)
    titles = [_style.text(study.cell, 36) for study in info.studies]
    figure = panels(titles, [HEIGHT] * len(titles), f"{described.heading} while tuning", caption)
    low, high = min(info.scores, default=0.0), max(info.scores, default=1.0)
    pad = 0.1 * ((high - low) or 0.1)
    for panel, study in enumerate(info.studies):
        _panel(figure, panel, study, looks[study.line], low - pad)
    suffix = ".0%" if described.unit == PERCENT else None
    figure.update_yaxes(range=[low - pad, high + pad], tickformat=suffix, nticks=5)
    last = max(trial.number for study in info.studies for trial in study.trials)
    figure.update_xaxes(title_text="tuning trial", showgrid=False, range=[0.2, last + 0.8], nticks=8)
    figure.update_layout(showlegend=False)
    return figure


def _panel(figure: go.Figure, panel: int, study: TuningStudy, look: Look, low: float) -> None:
    axes = {"xaxis": axis("x", panel), "yaxis": axis("y", panel), "showlegend": False}
    figure.add_scatter(
        x=[trial.number for trial in study.trials], y=[trial.best for trial in study.trials], mode="lines",
        line={"color": look.colour, "width": 2, "shape": "hv"}, hoverinfo="skip", **axes,
    )  # fmt: skip
    for judged, symbol in ((True, look.symbol), (False, "x-thin")):
        trials = [trial for trial in study.trials if (trial.score is not None) == judged]
        figure.add_scatter(
            x=[trial.number for trial in trials], y=[trial.score if judged else low for trial in trials],
            mode="markers", marker={"symbol": symbol, "size": 7, "color": _style.tint(look.colour, 0.65), "line": {
                "width": 0 if judged else 1.5, "color": look.colour}},
            hovertext=[_hover(study, trial) for trial in trials], hovertemplate=HOVER, cliponaxis=False, **axes,
        )  # fmt: skip


def _hover(study: TuningStudy, trial: TuningTrial) -> str:
    result = trial.state if trial.score is None else f"{trial.score:.4g}"
    values = (
        f"{_style.text(k)}: {_style.text(f'{v:.3g}' if isinstance(v, float) else v)}" for k, v in trial.values.items()
    )
    return _style.hover(f"<b>{_style.text(study.cell)}</b>, tuning trial {trial.number}: {result}", *values)
