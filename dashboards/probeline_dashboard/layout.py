"""The page without results: its parts by id, filled by `callbacks` and by assets/live.js."""

from typing import Any

from dash import dcc, html
from probeline.experiment.schema import Experiment
from probeline.report.sentences.text import clean, isolated

from probeline_dashboard.aria import with_aria
from probeline_dashboard.board import Board

CLOCK, SLOW = 2000, 10_000  # ms between two requests: for changes; for cost and figures
STORES = ("delta", "revision", "chosen", "curves-figure", "report-figure", "report-revision")
MAX_SEEDS = 20  # with a checkbox each


def page(board: Board) -> html.Div:
    """The page of a board."""
    several = len(board.names) > 1
    return html.Div(
        [
            html.A("Skip to the grid", href="#grid-section", className="skip"),
            html.Header(
                [
                    html.P("Probeline live", className="kicker"),
                    html.H1(id="title"),
                    html.P(id="question", className="question"),
                    html.Div(
                        _choice(
                            "experiment", "Experiment", {name: clean(name) for name in board.names}, board.names[0]
                        ),
                        hidden=not several,
                    ),
                ]
            ),
            html.Main(
                [
                    html.P(id="trouble", role="alert", className="trouble"),
                    html.P(id="silent", role="alert", className="trouble", hidden=True),
                    html.Div(id="summary", className="summary", role="status"),
                    html.Dl(id="money", className="money"),
                    html.Div([_grid(), _curves(), _failures(), _figures()], className="sections"),
                ]
            ),
            html.Footer(html.P(id="news")),
            dcc.Interval(id="clock", interval=CLOCK),
            dcc.Interval(id="slow", interval=SLOW),
            *(dcc.Store(id=name) for name in STORES),
        ]
    )


def _grid() -> html.Section:
    return html.Section(
        [
            html.Div([html.H2("Grid"), _choice("metric", "Coloured by", {}, None)], className="head"),
            html.Div(id="scale", className="scale"),
            with_aria(html.Div(id="grid", className="scroll", tabIndex=0, role="region"), "label", "Grid"),
            html.P(
                [
                    *_key("finished", "finished"), *_key("running", "running"), *_key("failed", "failed"),
                    *_key("interrupted", "interrupted"), *_key("new", "to come"),
                    "A mark is a seed. Press a cell to see its curves; arrow keys move between cells.",
                ],
                className="caption key",
            ),
        ],
        id="grid-section",
    )  # fmt: skip


def _key(kind: str, text: str) -> list[html.Span | str]:
    return [html.Span([html.Span(className=f"mark {kind}"), f" {text}"], className="entry"), " "]


def _curves() -> html.Section:
    return html.Section(
        [
            html.Div([html.H2("Curves"), _choice("curve", "Watched", {}, None)], className="head"),
            html.Div(
                [
                    html.Span(dcc.Checklist([], [], id="seeds", className="chips"), role="group", id="seeds-group"),
                    html.Button("Clear the choice", id="clear", type="button", hidden=True),
                ],
                className="line",
            ),
            html.Div(html.Div(id="curves", className="plot", role="img"), className="frame"),
            html.P(id="curves-caption", className="caption"),
        ],
        id="curves-section",
    )


def _failures() -> html.Section:
    return html.Section([html.H2("Failures"), html.Div(id="failures")], id="failures-section")


def _figures() -> html.Section:
    return html.Section(
        [
            html.Div([html.H2("The report so far"), _choice("figure", "Figure", {}, None)], className="head"),
            html.H3(id="report-title"),
            html.Div(html.Div(id="report", className="plot", role="img"), className="frame"),
            html.P(id="report-caption", className="caption"),
        ],
        id="report-section",
    )


def _choice(id: str, title: str, options: dict[str, str], value: str | None) -> html.Div:
    """Radio buttons, native ones for the keyboard and screen readers; `options`: value -> label."""
    radios = dcc.RadioItems(
        [{"label": label, "value": key} for key, label in options.items()], value, id=id, className="chips"
    )
    return html.Div(
        [
            html.Span(title, id=f"{id}-title", className="title"),
            with_aria(html.Div(radios, role="radiogroup"), "labelledby", f"{id}-title"),
        ],
        className="choice",
    )


def heading(experiment: Experiment) -> tuple[html.Bdi, html.Bdi | None]:
    """The experiment's title, and its question if it has one."""
    return html.Bdi(isolated(experiment.name)), html.Bdi(clean(experiment.question)) if experiment.question else None


def seeds(values: tuple[int, ...]) -> list[dict[str, Any]]:
    """Checkbox options for seeds; none for a single seed or more than MAX_SEEDS."""
    return [{"label": f"seed {seed}", "value": seed} for seed in values] if 1 < len(values) <= MAX_SEEDS else []
