"""The callbacks of the page; each returns only values that have changed."""

import time
from collections.abc import Callable
from typing import Any

from dash import MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from probeline.errors import UserError
from probeline.report.figures.training_curves import HEADINGS
from probeline.report.results.metrics import metric

from probeline_dashboard import curves, failures, figures, layout, summary
from probeline_dashboard.board import Board, View
from probeline_dashboard.curves import MAX_CURVES


def register(app: Dash, board: Board) -> None:
    """Registers the callbacks of a board with the page."""
    app.callback(
        Output("delta", "data"), Output("summary", "children"), Output("failures", "children"),
        Output("trouble", "children"), Output("metric", "options"), Output("metric", "value"),
        Output("curve", "options"), Output("curve", "value"), Output("news", "children"),
        Input("clock", "n_intervals"), Input("experiment", "value"), Input("metric", "value"),
        State("revision", "data"), State("curve", "value"), State("trouble", "children"),
    )(lambda _, *values: tick(board, *values))  # fmt: skip
    app.callback(
        Output("title", "children"), Output("question", "children"), Output("seeds", "options"),
        Output("seeds", "value"), Output("figure", "options"), Output("figure", "value"), Output("chosen", "data"),
        Input("experiment", "value"),
    )(lambda name: head(board, name))  # fmt: skip
    app.callback(
        Output("money", "children"), Input("slow", "n_intervals"), Input("experiment", "value")
    )(lambda _, name: money(board, name))  # fmt: skip
    app.callback(
        Output("curves-figure", "data"), Output("curves-caption", "children"),
        Input("delta", "data"), Input("chosen", "data"), Input("curve", "value"), Input("seeds", "value"),
        State("experiment", "value"), State("curves-figure", "data"),
    )(lambda _, *values: draw_curves(board, *values))  # fmt: skip
    app.callback(
        Output("report-figure", "data"), Output("report-title", "children"), Output("report-caption", "children"),
        Input("slow", "n_intervals"), Input("figure", "value"), Input("experiment", "value"),
        State("report-figure", "data"),
    )(lambda _, *values: draw_report(board, *values))  # fmt: skip
    app.callback(
        Output({"type": "traceback", "trial": MATCH}, "children"),
        Input({"type": "failure", "trial": MATCH}, "n_clicks"),
        State("experiment", "value"),
        prevent_initial_call=True,
    )(lambda _, name: traceback(board, ctx.triggered_id["trial"], name))
    in_browser = {
        "grid": (Output("revision", "data"), Input("delta", "data"), Input("chosen", "data")),
        "curves": (Output("clear", "hidden"), Input("curves-figure", "data"), Input("chosen", "data")),
        "report": (Output("report-revision", "data"), Input("report-figure", "data")),
        "clear": (Output("chosen", "data", allow_duplicate=True), Input("clear", "n_clicks")),
    }
    for name, ends in in_browser.items():
        app.clientside_callback(ClientsideFunction("probeline", name), *ends, prevent_initial_call=True)


def tick(
    board: Board,
    name: str | None,
    chosen: str | None,
    revision: dict[str, Any] | None,
    curve: str | None,
    warning: str | None,
) -> tuple[Any, ...]:
    """Changes since the page's revision: the grid's delta, counts, failures, metrics and curves to choose from.

    Args:
        board: the experiments.
        name: the experiment.
        chosen: the metric of the grid's colours.
        revision: that of the page's last delta.
        curve: the metric of the curves.
        warning: the one that the page shows.
    """
    try:
        view = board.get(name)
        live = view.live
        trouble = _trouble(live.refresh)
        delta = live.delta(chosen or live.main, revision)
    except UserError as error:
        return (*[no_update] * 3, str(error), *[no_update] * 5)
    if delta is None:
        return (*[no_update] * 3, no_update if trouble == (warning or "") else trouble, *[no_update] * 5)
    watched = live.watched()
    return (
        delta,
        summary.counts(live),
        failures.listing(live, view.tracebacks),
        trouble,
        [{"label": metric(each).heading, "value": each} for each in live.metrics()],
        chosen or live.main,
        [{"label": HEADINGS.get(each, metric(each).title), "value": each} for each in watched],
        curve if curve in watched else next(iter(watched), None),
        f"Last change at {time.strftime('%H:%M:%S', time.localtime(live.changed_at))}. This page asks every "
        f"{layout.CLOCK // 1000} seconds for what has changed.",
    )


def _refreshed(board: Board, name: str | None) -> View:
    """The view after a refresh, or as it was where MLflow cannot be read, of which `tick` warns."""
    view = board.get(name)
    _trouble(view.live.refresh)
    return view


def _trouble(refresh: Callable[[], object]) -> str:
    """A warning if MLflow cannot be read, else empty; earlier results stay on the page."""
    try:
        refresh()
    except UserError as error:
        return f"{error}. What stands here is older."
    return ""


def head(board: Board, name: str | None) -> tuple[Any, ...]:
    """The constants of an experiment: title, question, seeds, figures; with no cell selected."""
    try:
        live = board.get(name).live
    except UserError:
        return name, None, [], [], [], None, []  # `tick` shows the reason
    boxes, names = layout.seeds(live.base.experiment.seed_values), figures.names(live)
    listed = [{"label": each, "value": i} for i, each in enumerate(names)]
    return *layout.heading(live.base.experiment), boxes, [box["value"] for box in boxes], listed, 0, []


def money(board: Board, name: str | None) -> Any:
    """The cost so far and to go."""
    try:
        return summary.money(_refreshed(board, name).live)
    except UserError:
        return no_update


def draw_curves(
    board: Board,
    chosen: list[str] | None,
    curve: str | None,
    seeds: list[int] | None,
    name: str | None,
    before: dict[str, Any] | None,
) -> tuple[Any, ...]:
    """The figure of the selected cells' and seeds' curves, and its caption; `before`: the page's figure."""
    try:
        live = _refreshed(board, name).live
        labels = curves.choice(live, chosen or [])
        wanted = _seeds(live.base.experiment.seed_values, seeds)
        lines = curves.read(live, labels, wanted, curve) if curve else []
    except UserError:
        return no_update, no_update
    total = sum(wanted is None or trial.seed in wanted for label in labels for trial in live.grid.slots[label].trials)
    caption = curves.caption(live, labels, bool(chosen), min(len(lines), MAX_CURVES), total)
    plotted = dict.fromkeys(each.trial.cell.label for each in lines)
    colours = curves.colours([*plotted], (before or {}).get("colours", {}))
    figure = curves.draw(lines, curve, colours) if lines and curve else None
    return {"figure": figure, "colours": colours, "caption": caption}, caption if figure else ""


def _seeds(values: tuple[int, ...], ticked: list[int] | None) -> set[int] | None:
    return set(ticked or []) if layout.seeds(values) else None


def draw_report(board: Board, index: int | None, name: str | None, before: dict[str, Any] | None) -> tuple[Any, ...]:
    """The report's figure of this index, its title and caption, if it differs from the page's figure `before`."""
    try:
        view = _refreshed(board, name)
        index = index if index is not None and index < len(figures.components(view.live)) else 0
        rendering = view.figures.get(index)
    except UserError:
        return no_update, no_update, no_update
    revision = [view.live.base.experiment.name, index, *rendering.revision]
    if before is not None and before["revision"] == revision:
        return no_update, no_update, no_update
    figure, total = rendering.figure, len(view.live.base.trials)
    caption = f"From {rendering.revision[1]:,} of {total:,} trials; drawn again as trials end. {rendering.caption}"
    data = {"revision": revision, "figure": figure, "message": rendering.caption}
    return data, rendering.title, caption if figure else ""


def traceback(board: Board, trial_id: str, name: str | None) -> str:
    """A failed trial's traceback, or the reason why it cannot be read."""
    try:
        view = board.get(name)
    except UserError as error:
        return str(error)
    return view.tracebacks.get(view.live, trial_id)
