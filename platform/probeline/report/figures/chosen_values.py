"""What tuning chose for one key against an axis: a mark a study, everything it tried faint behind."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from probeline.core.figure import NothingToDraw
from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._marks import HOVER
from probeline.report.figures._positions import positions
from probeline.report.figures._style import Look
from probeline.report.results.axis_values import is_number, short, shown
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.results.studies import StudyResult, keys, studies

HEIGHT = 380
DODGE = 0.03  # of the x range, between neighbouring lines
FAINTEST, STRONGEST = 0.25, 0.65  # of what was tried, by rank in its study
EVERY = "cell"


class Config(Settings):
    """`key` is a tuned recipe key, left out the first; `x` an axis, left out the first numeric one, else every cell."""

    key: str | None = None
    x: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class TriedValue:
    """One value that one study tried.

    Args:
        y: Where the value is drawn: log10 where it was searched so, the index in the list where values are words.
        score: None for what was not judged.
        rank: From 0, a study's worst, to 1, its best; None for what was not judged.
        number: Of the tuning trial.
        tried: Tuning trials of the study.
    """

    cell: str
    line: str
    x: Any
    position: float
    value: Any
    y: float
    score: float | None
    rank: float | None
    chosen: bool
    number: int
    state: str
    tried: int


@dataclass(frozen=True)
class ChosenValues:
    """Everything tried for one key; `words`: the choices where they are no numbers; `log`: of the y axis."""

    key: str
    log: bool
    words: tuple[str, ...]
    x: str
    x_values: tuple[Any, ...]
    labels: tuple[str, ...]
    metric: str
    values: tuple[TriedValue, ...]


def prepare(results: Results, config: Config) -> ChosenValues:
    """Every value that a study tried for the key. Raises NothingToDraw."""
    layout = results.layout(config.x, config.line)
    tuned = [(cell, one) for cell, one in studies(results.cells("", layout)) if one.points]
    if not tuned:
        raise NothingToDraw("No study has chosen yet.")
    key = config.key or keys(tuned)[0]
    tuned = [(cell, one) for cell, one in tuned if key in one.chosen]
    if not tuned:
        raise NothingToDraw(f"No study has chosen {short(key)}: it was not tuned.")
    along = layout.x if any(cell.x is not None for cell, _ in tuned) else None
    if along is not None:
        tuned = [(cell, one) for cell, one in tuned if cell.x is not None]
    x_values = layout.x_values if along is not None else tuple(cell.label for cell, _ in tuned)
    at, scale = positions(x_values), _Scale(key, [one for _, one in tuned])
    values: list[TriedValue] = []
    for cell, one in tuned:
        x = cell.x if along is not None else cell.label
        values += _tried_values(one, key, (cell.label, cell.line, x, at[x]), scale)
    words = tuple(scale.words)
    return ChosenValues(
        key, scale.log, words, along or EVERY, x_values, layout.labels, tuned[0][1].metric, tuple(values)
    )


class _Scale:
    """The y axis of one key's values."""

    def __init__(self, key: str, tuned: list[StudyResult]) -> None:
        choices = [one.search["space"][key].get("choice") for one in tuned]
        listed = list(dict.fromkeys(_word(value) for choice in choices for value in choice or ()))
        numbers = all(is_number(value) for choice in choices for value in choice or ())
        self.words = [] if numbers else listed
        self.log = numbers and all(one.is_log(key) for one in tuned)

    def y_value(self, value: Any) -> float:
        if self.words:
            return float(self.words.index(_word(value)))
        return math.log10(value) if self.log else float(value)


def _word(value: Any) -> str:
    return str(value["name"]) if isinstance(value, dict) and "name" in value else shown(value)


def _tried_values(one: StudyResult, key: str, of: tuple[str, str, Any, float], scale: _Scale) -> list[TriedValue]:
    """What one study tried; `of`: its cell, line, x and position."""
    judged = sorted((one.sign * point.score, point.number) for point in one.points if point.score is not None)
    ranks = {number: rank / max(1, len(judged) - 1) for rank, (_, number) in enumerate(judged)}
    return [
        TriedValue(
            *of, value=point.values[key], y=scale.y_value(point.values[key]), score=point.score,
            rank=ranks.get(point.number), chosen=point.number == one.winner, number=point.number, state=point.state,
            tried=one.tried,
        )
        for point in one.points
        if key in point.values
    ]  # fmt: skip


def draw(info: ChosenValues) -> go.Figure:
    """Large marks for what was chosen, joined where there is an axis."""
    described, name, x = metric(info.metric), short(info.key), short(info.x)
    caption = (
        f"Large marks: the {name} of the best {described.title}, over all tuned keys. Small marks: everything tried, "
        "the stronger the better it did in its own study. Crosses were given up, diverged or failed."
    )
    figure = _style.figure(HEIGHT, f"Chosen {name} against {x}", caption)
    looks, at = _style.style(info.labels), positions(info.x_values)
    span = max(at.values()) - min(at.values()) or 1.0
    present = {value.line for value in info.values}
    lines = [line for line in info.labels if line in present]
    for index, line in enumerate(lines):
        values = [value for value in info.values if value.line == line]
        shift = (index - (len(lines) - 1) / 2) * DODGE * span * _crowded(info)
        _tried(figure, values, looks[line], shift, described)
        _chosen(figure, values, looks[line], shift, described, joined=info.x != EVERY)
    ticks = {"tickvals": list(at.values()), "ticktext": [_style.wrapped(shown(v), 16) for v in at]}
    low, high = min(at.values()) - 0.08 * span, max(at.values()) + 0.08 * span
    figure.update_xaxes(title_text=_style.text(x), range=[low, high], showgrid=False, **ticks)
    figure.update_yaxes(title_text=_style.text(name), **_y_ticks(info))
    figure.update_layout(showlegend=len(lines) > 1)
    return figure


def _crowded(info: ChosenValues) -> bool:
    """Whether two lines share a value of the axis."""
    pairs = {(value.position, value.line) for value in info.values}
    return len(pairs) > len({position for position, _ in pairs})


def _tried(figure: go.Figure, values: Sequence[TriedValue], look: Look, shift: float, metric: Metric) -> None:
    rest = [value for value in values if not value.chosen]
    colours = [_style.tint(look.colour, _strength(value)) for value in rest]
    figure.add_scatter(
        x=[value.position + shift for value in rest], y=[value.y for value in rest], mode="markers", showlegend=False,
        marker={"symbol": ["x-thin" if value.rank is None else look.symbol for value in rest], "size": 8,
                "color": colours,
                "line": {"width": [1.2 if value.rank is None else 0 for value in rest], "color": colours}},
        hovertext=[_hover(value, metric) for value in rest], hovertemplate=HOVER,
    )  # fmt: skip


def _strength(value: TriedValue) -> float:
    """Opacity by rank."""
    return STRONGEST if value.rank is None else FAINTEST + (STRONGEST - FAINTEST) * value.rank**2


def _chosen(
    figure: go.Figure, values: Sequence[TriedValue], look: Look, shift: float, metric: Metric, joined: bool
) -> None:
    winners = sorted((value for value in values if value.chosen), key=lambda value: value.position)
    figure.add_scatter(
        x=[value.position + shift for value in winners], y=[value.y for value in winners],
        mode="lines+markers" if joined else "markers", line={"color": look.colour, "width": 1.5, "dash": "dot"},
        marker={"symbol": look.symbol, "size": 12, "color": look.colour}, name=_style.text(values[0].line, 40),
        hovertext=[_hover(value, metric) for value in winners], hovertemplate=HOVER,
    )  # fmt: skip


def _hover(value: TriedValue, metric: Metric) -> str:
    result = value.state if value.rank is None else f"{metric.text(value.score)} {_style.text(metric.title)}"
    chosen = f"chosen, tuned with {value.tried} trials" if value.chosen else ""
    heading = f"<b>{_style.text(value.cell)}</b>: {_style.text(_value(value.value))}"
    return _style.hover(heading, result, f"tuning trial {value.number}", chosen)


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else _word(value)


def _y_ticks(info: ChosenValues) -> dict:
    if info.words:
        return {"tickvals": list(range(len(info.words))), "ticktext": [_style.text(w, 24) for w in info.words]}
    if not info.log:
        return {}
    low, high = math.floor(min(value.y for value in info.values)), math.ceil(max(value.y for value in info.values))
    steps = (1, 3) if high - low > 2 else (1, 2, 5)
    ticks = [step * 10.0**power for power in range(low, high + 1) for step in steps]
    return {"tickvals": [math.log10(tick) for tick in ticks], "ticktext": [f"{tick:g}" for tick in ticks]}
