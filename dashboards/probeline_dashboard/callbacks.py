"""What is asked of the server, and what it answers: each answer holds only what has changed."""

import time
from collections.abc import Callable
from typing import Any

from dash import MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from probeline.errors import UserError
from probeline.report.figures.training_curves import HEADINGS
from probeline.report.results.metrics import metric

from probeline_dashboard import curves, failures, figures, layout, summary
from probeline_dashboard.board import Board, Shown
from probeline_dashboard.curves import CURVES


def register(app: Dash, board: Board) -> None:
    """Gives the page its callbacks."""
    app.callback(
        Output("delta", "data"), Output("summary", "children"), Output("failures", "children"),
        Output("trouble", "children"), Output("metric", "options"), Output("metric", "value"),
        Output("curve", "options"), Output("curve", "value"), Output("news", "children"),
        Input("clock", "n_intervals"), Input("experiment", "value"), Input("metric", "value"),
        State("at", "data"), State("curve", "value"), State("trouble", "children"),
    )(lambda *asked: tick(board, *asked[1:]))  # fmt: skip
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
    )(lambda _, *asked: draw_curves(board, *asked))  # fmt: skip
    app.callback(
        Output("report-figure", "data"), Output("report-title", "children"), Output("report-caption", "children"),
        Input("slow", "n_intervals"), Input("figure", "value"), Input("experiment", "value"),
        State("report-figure", "data"),
    )(lambda _, *asked: draw_report(board, *asked))  # fmt: skip
    app.callback(
        Output({"type": "traceback", "trial": MATCH}, "children"),
        Input({"type": "failure", "trial": MATCH}, "n_clicks"),
        State("experiment", "value"),
        prevent_initial_call=True,
    )(lambda _, name: traceback(board, ctx.triggered_id["trial"], name))
    in_browser = {
        "grid": (Output("at", "data"), Input("delta", "data"), Input("chosen", "data")),
        "curves": (Output("clear", "hidden"), Input("curves-figure", "data"), Input("chosen", "data")),
        "report": (Output("drawn", "data"), Input("report-figure", "data")),
        "clear": (Output("chosen", "data", allow_duplicate=True), Input("clear", "n_clicks")),
    }
    for name, ends in in_browser.items():
        app.clientside_callback(ClientsideFunction("probeline", name), *ends, prevent_initial_call=True)


def tick(board: Board, name: str | None, chosen: str | None, at: dict | None, curve: str | None, told: Any) -> tuple:
    """What has changed since the page looked last: the grid's delta, counts, failures, what can be chosen.

    `chosen`: the metric of the colours; `at`: what the page has drawn; `told`: the trouble that it shows.
    """
    try:
        shown = board.get(name)
        live = shown.live
        trouble = _trouble(live.refresh)
        delta = live.delta(chosen or live.main, at)
    except UserError as error:
        return (*[no_update] * 3, str(error), *[no_update] * 5)
    if delta is None:
        return (*[no_update] * 3, no_update if trouble == (told or "") else trouble, *[no_update] * 5)
    watched = live.watched()
    return (
        delta,
        summary.counts(live),
        failures.listing(live, shown.tracebacks),
        trouble,
        [{"label": metric(each).heading, "value": each} for each in live.metrics()],
        chosen or live.main,
        [{"label": HEADINGS.get(each, metric(each).title), "value": each} for each in watched],
        curve if curve in watched else next(iter(watched), None),
        f"Last change at {time.strftime('%H:%M:%S', time.localtime(live.changed_at))}. This page asks every "
        f"{layout.CLOCK // 1000} seconds for what has changed.",
    )


def _now(board: Board, name: str | None) -> Shown:
    """The experiment as it is now, or as it was where MLflow cannot be read, which `tick` tells."""
    shown = board.get(name)
    _trouble(shown.live.refresh)
    return shown


def _trouble(refresh: Callable[[], object]) -> str:
    """Why MLflow cannot be read now; what was read before stays on the page."""
    try:
        refresh()
    except UserError as error:
        return f"{error}. What stands here is older."
    return ""


def head(board: Board, name: str | None) -> tuple:
    """What is fixed for an experiment: title, question, seeds, figures; nothing is chosen yet."""
    try:
        live = board.get(name).live
    except UserError:
        return name, None, [], [], [], None, []  # `tick` tells why
    boxes, named = layout.seeds(live.base.experiment.seeds), figures.names(live)
    listed = [{"label": each, "value": i} for i, each in enumerate(named)]
    return *layout.heading(live.base.experiment), boxes, [box["value"] for box in boxes], listed, 0, []


def money(board: Board, name: str | None) -> Any:
    """Cost so far and to go."""
    try:
        return summary.money(_now(board, name).live)
    except UserError:
        return no_update


def draw_curves(
    board: Board,
    chosen: list[str] | None,
    curve: str | None,
    seeds: list[int] | None,
    name: str | None,
    before: dict | None,
) -> tuple:
    """The curves of the chosen cells and seeds, and what they show; `before`: what the page has drawn."""
    try:
        live = _now(board, name).live
        labels = curves.choice(live, chosen or [])
        wanted = _seeds(live.base.experiment.seeds, seeds)
        found = curves.read(live, labels, wanted, curve) if curve else []
    except UserError:
        return no_update, no_update
    of = sum(wanted is None or trial.seed in wanted for label in labels for trial in live.grid.slots[label].trials)
    said = curves.caption(live, labels, bool(chosen), min(len(found), CURVES), of)
    drawn = dict.fromkeys(each.trial.cell.label for each in found)
    looks = curves.colours([*drawn], (before or {}).get("colours", {}))
    figure = curves.draw(found, curve, looks) if found else None
    return {"figure": figure, "colours": looks, "said": said}, said if figure else ""


def _seeds(known: tuple[int, ...], ticked: list[int] | None) -> set[int] | None:
    return set(ticked or []) if layout.seeds(known) else None


def draw_report(board: Board, index: int | None, name: str | None, before: dict | None) -> tuple:
    """The figure of the report, if it is another than the page shows."""
    try:
        shown = _now(board, name)
        index = index if index is not None and index < len(figures.components(shown.live)) else 0
        drawn = shown.figures.get(index)
    except UserError:
        return no_update, no_update, no_update
    at = [shown.live.base.experiment.name, index, *drawn.at]
    if before is not None and before["at"] == at:
        return no_update, no_update, no_update
    total = len(shown.live.base.trials)
    said = f"From {drawn.at[1]:,} of {total:,} trials; drawn again as trials end. {drawn.caption}"
    return {"at": at, "figure": drawn.figure, "message": drawn.caption}, drawn.title, said if drawn.figure else ""


def traceback(board: Board, trial_id: str, name: str | None) -> str:
    """A failed trial's traceback."""
    try:
        shown = board.get(name)
    except UserError as error:
        return str(error)
    return shown.tracebacks.get(shown.live, trial_id)
