"""A metric against an axis: a line a method, seeds as points, 95% intervals as bands, arms dashed, the paper hollow."""

from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pydantic import Field

from probeline.core.settings import Settings
from probeline.experiment.references import References
from probeline.report.figures import _published, _style
from probeline.report.figures._positions import MOST_BANDS, NO_BANDS, positions, reach
from probeline.report.results.cells import cells, layout, matching, short, shown
from probeline.report.results.metrics import PERCENT, Metric, main_metric, metric
from probeline.report.sentences import phrases

HEIGHT, ROOM = 460, 372  # px: of the figure, of the plot inside its margins
DODGE = 0.022  # of the x range, between neighbouring lines, so that seeds do not hide seeds
LABEL = 19  # px between two labels
CROWD = 12  # lines; the seeds of more hide the means


class Config(Settings):
    """`x` and `line` are axes; left out, the first numeric axis with several values and the first other axis."""

    metric: str | None = None
    x: str | None = None
    line: str | None = None
    references: References | None = None
    where: dict[str, Any] = Field(default_factory=dict, description="Only cells with these values of axes.")


def prepare(trials: pd.DataFrame, history: pd.DataFrame, config: Config) -> pd.DataFrame:
    """One row a cell: line, arm, x, position, n, mean, low, high (NaN where there is none), seeds' values, missing.

    `position` is where x is drawn: log2 where values span a factor of 4 or more, in equal steps where they are words.
    `attrs["published"]` are the paper's points (`_published.points`). Raises NothingToDraw.
    """
    name, trials = config.metric or main_metric(trials), matching(trials, config.where)
    shape = layout(trials, config.x, config.line)
    results = cells(trials, name, shape)
    if not any(cell.values for cell in results):
        raise _style.NothingToDraw(f"No trial has finished with {name} yet.")
    if shape.x is None:
        raise _style.NothingToDraw("No axis has two numeric values to draw a line along; see the cells one by one.")
    described, at = metric(name), positions(shape.x_values)
    rows = []
    for cell in results:
        result = cell.estimate
        low, high = np.nan, np.nan
        if result.interval:
            low, high = described.clip(result.interval.low), described.clip(result.interval.high)
        rows.append(
            {
                "cell": cell.label, "line": cell.line, "arm": cell.x is None, "x": cell.x,
                "position": np.nan if cell.x is None else at[cell.x], "n": result.n, "mean": result.mean,
                "low": low, "high": high, "values": cell.values, "trials": cell.trials, "missing": cell.missing,
                "interval": phrases.interval(result, described),
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.attrs = {
        "metric": name, "x": shape.x, "x_values": list(shape.x_values), "labels": list(shape.labels),
        "published": _published.points(config.references, name, results, shape),
    }  # fmt: skip
    return frame


def draw(frame: pd.DataFrame, config: Config) -> go.Figure:
    """The figure of a prepared frame."""
    described = metric(frame.attrs["metric"])
    looks, x = _style.style(frame.attrs["labels"]), short(frame.attrs["x"])
    at = positions(tuple(frame.attrs["x_values"]))
    first, last = min(at.values()), max(at.values())
    span = last - first
    lines = [line for line in frame.attrs["labels"] if not frame[frame["line"] == line]["arm"].all()]
    seeds = [value for values in frame["values"] for value in values.values()]
    if len(lines) > CROWD:
        frame, seeds = _without_seeds(frame), frame["mean"].dropna().tolist()
    banded = len(frame.attrs["labels"]) <= MOST_BANDS
    low, high, cut = reach(seeds, frame["low"], frame["high"]) if banded else reach(seeds, (), ())
    caption = "Small marks are seeds, large marks their mean"
    caption += ", bands its 95% interval." if banded else f". {NO_BANDS}"
    if len(lines) > CROWD:
        caption = f"Means over seeds. Those and the intervals of {len(lines)} lines would hide each other: they are on "
        caption += "hover and in the table."
    caption += " Dashed: what has no place on the axis." * bool(frame["arm"].any())
    caption += " Open marks at the bottom: cells without a result." * bool((frame["n"] == 0).any())
    caption += " Intervals that run past the axis are cut; the hover text and the table have them." * cut
    caption += _published.caption(frame.attrs)
    only = "".join(f", {short(axis)} {shown(value)}" for axis, value in config.where.items())
    figure = _style.figure(HEIGHT, f"{described.heading} against {x}{only}", caption, direct=True)
    edges = (first - 0.12 * span, last + 0.12 * span)
    dodge = min(DODGE * span, 0.4 * min(np.diff(sorted(at.values()))) / len(frame.attrs["labels"]))
    for line, group in frame.groupby("line", sort=False):
        if group["arm"].all():
            _arm(figure, next(group.itertuples()), looks[line], edges, described, banded)
        else:
            shift = (lines.index(line) - (len(lines) - 1) / 2) * dodge
            floor = low + 0.025 * (high - low)
            _line(figure, group.assign(position=group["position"] + shift), looks[line], described, floor, banded)
    scaled = [value * described.scale for value in (low, high)]
    ticks = {"tickvals": list(at.values()), "ticktext": [_style.text(shown(v), 12) for v in at]}
    figure.update_xaxes(range=edges, title_text=_style.text(x), showgrid=False, **ticks)
    figure.update_yaxes(range=scaled, ticksuffix="%" if described.unit == PERCENT else "")
    means = frame.loc[(frame["n"] > 0) & ~frame["arm"], "mean"]
    if len(means) and frame.attrs["published"]:
        span_of_ours = float(means.min()), float(means.max())
        _published.overlay(figure, frame.attrs, lambda point: at.get(point["x"]), span_of_ours, (low, high), described)
    if "yaxis2" in figure.layout:
        figure.layout.meta = {**figure.layout.meta, "direct": False}  # the paper's axis stands where names would
    else:
        _label_directly(figure, frame, looks, (low, high), described)
    return figure


def _without_seeds(frame: pd.DataFrame) -> pd.DataFrame:
    bare = frame.assign(values=[{} for _ in range(len(frame))])
    bare.attrs = frame.attrs
    return bare


def _line(
    figure: go.Figure, group: pd.DataFrame, look: tuple[str, str], metric: Metric, floor: float, banded: bool
) -> None:
    colour, symbol = look
    group = group.sort_values("position")
    name, key = _style.text(group["line"].iloc[0], 40), group["line"].iloc[0]
    shared = {"legendgroup": _style.text(key, 200), "showlegend": False}
    for has_interval, run in groupby(group.itertuples(), lambda row: not np.isnan(row.low)):
        if has_interval and banded:
            _band(figure, list(run), colour, metric, shared)
    done = [row for row in group.itertuples() if row.n]
    _seeds(figure, [row.position for row in done for _ in range(row.n)], done, look, metric, shared)
    gaps = group[group["n"] == 0]
    if len(gaps):
        words = [_hover(row, metric) for row in gaps.itertuples()]
        figure.add_scatter(
            x=list(gaps["position"]), y=[floor * metric.scale] * len(gaps), mode="markers", cliponaxis=False,
            marker={"symbol": f"{symbol}-open", "color": colour, "size": 11, "line": {"width": 2}},
            hovertext=words, hovertemplate="%{hovertext}<extra></extra>", name=name, **shared,
        )  # fmt: skip
    figure.add_scatter(
        x=list(group["position"]), y=[None if row.n == 0 else row.mean * metric.scale for row in group.itertuples()],
        mode="lines+markers", line={"color": colour, "width": 2}, name=name, legendgroup=_style.text(key, 200),
        marker={"symbol": symbol, "size": 9, "color": colour},
        hovertext=[_hover(row, metric) for row in group.itertuples()], hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _band(figure: go.Figure, run: list, colour: str, metric: Metric, shared: dict) -> None:
    """The interval over neighbouring cells; over one alone a band has no width, so it is a bar."""
    if len(run) == 1:
        row = run[0]
        x, y, line = [row.position] * 2, [row.low, row.high], {"color": _style.tint(colour, 0.45), "width": 5}
    else:
        x = [row.position for row in run] + [row.position for row in reversed(run)]
        y, line = [row.low for row in run] + [row.high for row in reversed(run)], {"width": 0}
    figure.add_scatter(
        x=x, y=[value * metric.scale for value in y], mode="lines", line=line, hoverinfo="skip",
        fill="toself" if len(run) > 1 else "none", fillcolor=_style.tint(colour, 0.14), **shared,
    )  # fmt: skip


def _arm(
    figure: go.Figure, row: Any, look: tuple[str, str], edges: tuple[float, float], metric: Metric, banded: bool
) -> None:
    colour, name = look[0], _style.text(row.line, 40)
    shared = {"legendgroup": _style.text(row.line, 200), "showlegend": False}
    if row.n == 0:
        figure.add_scatter(
            x=[None], y=[None], mode="lines", name=f"{name} (no result)", line={"color": colour, "dash": "dash"}
        )
        return
    mean, words = row.mean * metric.scale, _hover(row, metric)
    if banded and not np.isnan(row.low) and row.high > row.low:
        low, high = row.low * metric.scale, row.high * metric.scale
        figure.add_scatter(
            x=[edges[0], edges[1], edges[1], edges[0]], y=[low, low, high, high], mode="lines", line={"width": 0},
            fill="toself", fillcolor=_style.tint(colour, 0.10), hoverinfo="skip", **shared,
        )  # fmt: skip
    position = edges[1] - 0.03 * (edges[1] - edges[0])
    _seeds(figure, [position] * row.n, [row], look, metric, shared)
    along = np.linspace(edges[0], edges[1], 41).tolist()  # points to hover on all along
    figure.add_scatter(
        x=along, y=[mean] * len(along), mode="lines", line={"color": colour, "width": 1.6, "dash": "dash"}, name=name,
        legendgroup=_style.text(row.line, 200), hovertext=[words] * len(along),
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _seeds(figure: go.Figure, x: list, rows: list, look: tuple[str, str], metric: Metric, shared: dict) -> None:
    """One trace for all seeds of a line: plotly spends milliseconds on a trace, whatever it holds."""
    words = [
        f"{_style.text(row.cell)}, seed {seed}: <b>{metric.text(value)}</b><br>trial {_style.text(row.trials[seed])}"
        for row in rows
        for seed, value in row.values.items()
    ]
    if not words:
        return
    figure.add_scatter(
        x=x, y=[value * metric.scale for row in rows for value in row.values.values()], mode="markers",
        marker={"symbol": look[1], "size": 5, "color": _style.tint(look[0], 0.65)},
        hovertext=words, hovertemplate="%{hovertext}<extra></extra>", **shared,
    )  # fmt: skip


def _hover(row: Any, metric: Metric) -> str:
    heading = f"<b>{_style.text(row.cell)}</b>"
    result = f"{metric.text(row.mean)} {_style.text(metric.title)}" if row.n else "no result"
    return _style.hover(
        heading, result, row.interval, _style.identities(row.trials), *(_style.text(why) for why in row.missing[:6])
    )


def _label_directly(figure: go.Figure, frame: pd.DataFrame, looks: dict, span: tuple, metric: Metric) -> None:
    """A name at the right end of each line; the page swaps them for a legend where the screen is narrow."""
    ends = frame[frame["n"] > 0].sort_values("position", na_position="last").groupby("line", sort=False).tail(1)
    if len(ends) * LABEL > ROOM:
        figure.layout.meta = {**figure.layout.meta, "direct": False}
        return
    gap = LABEL / ROOM * (span[1] - span[0])
    places = spread(dict(zip(ends["line"], ends["mean"], strict=True)), gap, *span)
    figure.layout.annotations += tuple(
        go.layout.Annotation(
            x=1, xref="paper", xanchor="left", xshift=6, y=y * metric.scale, yanchor="middle", showarrow=False,
            text=_named(line, looks[line]), align="left",
        )
        for line, y in places.items()
    )  # fmt: skip


def _named(line: str, look: tuple[str, str]) -> str:
    return f'<span style="color:{look[0]}">{_style.GLYPHS[look[1]]}</span> {_style.text(line, 22)}'


def spread(wanted: dict[str, float], gap: float, low: float, high: float) -> dict[str, float]:
    """Places for labels: near where they are wanted, at least `gap` apart, between low and high."""
    order = sorted(wanted, key=wanted.__getitem__)
    placed: list[float] = []
    for label in order:
        placed.append(max(wanted[label], placed[-1] + gap) if placed else max(wanted[label], low))
    ceiling = high
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    return dict(zip(order, placed, strict=True))
