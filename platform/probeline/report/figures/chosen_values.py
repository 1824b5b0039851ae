"""What tuning chose for one key against an axis: a mark a study, everything it tried faint behind."""

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from probeline.core.settings import Settings
from probeline.report.figures import _style
from probeline.report.figures._positions import positions
from probeline.report.results.cells import cells, is_number, layout, short, shown
from probeline.report.results.metrics import Metric, metric
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


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """A row for each tried value: cell, line, x, position, value, place, score, rank, chosen, number, state, tried.

    `place` is the y value: log10 where it was searched so, the index in the list where values are words.
    `rank` goes from 0, a study's worst, to 1, its best; NaN for what was not judged. Raises NothingToDraw.
    """
    shape = layout(trials, config.x, config.line)
    tuned = [(cell, one) for cell, one in studies(cells(trials, "", shape)) if one.points]
    if not tuned:
        raise _style.NothingToDraw("No study has chosen yet.")
    key = config.key or keys(tuned)[0]
    tuned = [(cell, one) for cell, one in tuned if key in one.chosen]
    if not tuned:
        raise _style.NothingToDraw(f"No study has chosen {short(key)}: it was not tuned.")
    along = shape.x if any(cell.x is not None for cell, _ in tuned) else None
    if along is not None:
        tuned = [(cell, one) for cell, one in tuned if cell.x is not None]
    x_values = shape.x_values if along is not None else tuple(cell.label for cell, _ in tuned)
    at, scale = positions(x_values), _Scale(key, [one for _, one in tuned])
    rows = []
    for cell, one in tuned:
        x = cell.x if along is not None else cell.label
        ranks = _ranks(one)
        rows += [
            {
                "cell": cell.label, "line": cell.line, "x": x, "position": at[x], "value": point.values[key],
                "place": scale.y_value(point.values[key]), "score": point.score,
                "rank": ranks.get(point.number, math.nan), "chosen": point.number == one.winner, "number": point.number,
                "state": point.state, "tried": one.tried,
            }
            for point in one.points
            if key in point.values
        ]  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.attrs = {
        "key": key, "log": scale.log, "words": scale.words, "x": along or EVERY, "x_values": list(x_values),
        "labels": list(shape.labels), "metric": tuned[0][1].metric,
    }  # fmt: skip
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    key, described = frame.attrs["key"], metric(frame.attrs["metric"])
    looks, name, x = _style.style(frame.attrs["labels"]), short(key), short(frame.attrs["x"])
    caption = (
        f"Large marks: the {name} of the best {described.title}, over all tuned keys. Small marks: everything tried, "
        "the stronger the better it did in its own study. Crosses were given up, diverged or failed."
    )
    figure = _style.figure(HEIGHT, f"Chosen {name} against {x}", caption)
    at = positions(tuple(frame.attrs["x_values"]))
    span = max(at.values()) - min(at.values()) or 1.0
    lines = [line for line in frame.attrs["labels"] if line in set(frame["line"])]
    crowded = frame.groupby("x")["line"].nunique().max() > 1
    for index, line in enumerate(lines):
        group = frame[frame["line"] == line]
        shift = (index - (len(lines) - 1) / 2) * DODGE * span * crowded
        _tried(figure, group, looks[line], shift, described)
        _chosen(figure, group, looks[line], shift, described, joined=frame.attrs["x"] != EVERY)
    ticks = {"tickvals": list(at.values()), "ticktext": [_style.wrapped(shown(v), 16) for v in at]}
    low, high = min(at.values()) - 0.08 * span, max(at.values()) + 0.08 * span
    figure.update_xaxes(title_text=_style.text(x), range=[low, high], showgrid=False, **ticks)
    figure.update_yaxes(title_text=_style.text(name), **_y_ticks(frame))
    figure.update_layout(showlegend=len(lines) > 1)
    return figure


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


def _ranks(one: StudyResult) -> dict[int, float]:
    """Number of a judged point -> its rank among them, from 0 to 1."""
    judged = sorted((one.sign * point.score, point.number) for point in one.points if point.score is not None)
    return {number: rank / max(1, len(judged) - 1) for rank, (_, number) in enumerate(judged)}


def _tried(figure: go.Figure, group: pd.DataFrame, look: tuple, shift: float, metric: Metric) -> None:
    rows = list(group[~group["chosen"]].itertuples())
    colours = [
        _style.tint(look[0], STRONGEST if math.isnan(r.rank) else FAINTEST + (STRONGEST - FAINTEST) * r.rank**2)
        for r in rows
    ]
    figure.add_scatter(
        x=[row.position + shift for row in rows], y=[row.place for row in rows], mode="markers", showlegend=False,
        marker={"symbol": ["x-thin" if math.isnan(row.rank) else look[1] for row in rows], "size": 8, "color": colours,
                "line": {"width": [1.2 if math.isnan(row.rank) else 0 for row in rows], "color": colours}},
        hovertext=[_hover(row, metric) for row in rows], hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _chosen(figure: go.Figure, group: pd.DataFrame, look: tuple, shift: float, metric: Metric, joined: bool) -> None:
    rows = list(group[group["chosen"]].sort_values("position").itertuples())
    figure.add_scatter(
        x=[row.position + shift for row in rows], y=[row.place for row in rows],
        mode="lines+markers" if joined else "markers", line={"color": look[0], "width": 1.5, "dash": "dot"},
        marker={"symbol": look[1], "size": 12, "color": look[0]}, name=_style.text(group["line"].iloc[0], 40),
        hovertext=[_hover(row, metric) for row in rows], hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _hover(row: Any, metric: Metric) -> str:
    value = _style.text(_value(row.value))
    result = row.state if math.isnan(row.rank) else f"{metric.text(row.score)} {_style.text(metric.title)}"
    chosen = f"chosen, tuned with {row.tried} trials" if row.chosen else ""
    return _style.hover(f"<b>{_style.text(row.cell)}</b>: {value}", result, f"tuning trial {row.number}", chosen)


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else _word(value)


def _y_ticks(frame: pd.DataFrame) -> dict:
    if words := frame.attrs["words"]:
        return {"tickvals": list(range(len(words))), "ticktext": [_style.text(w, 24) for w in words]}
    if not frame.attrs["log"]:
        return {}
    low, high = math.floor(frame["place"].min()), math.ceil(frame["place"].max())
    steps = (1, 3) if high - low > 2 else (1, 2, 5)
    ticks = [step * 10.0**power for power in range(low, high + 1) for step in steps]
    return {"tickvals": [math.log10(tick) for tick in ticks], "ticktext": [f"{tick:g}" for tick in ticks]}
