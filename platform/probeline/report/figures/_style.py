"""The look that all figures share: a palette, symbols, a template, and text that plotly cannot mistake for markup."""

import html
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from probeline.report.sentences.text import clean, isolated

# Distinguishable under deuteranopia, protanopia and tritanopia, and at least 3:1 against a white and a dark page
# (a test computes both). Order is fixed, so a label keeps its colour in every figure of a page.
PALETTE = ("#1f6fb2", "#b5501c", "#00a566", "#cb7a9a", "#a89200", "#6d8cff")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "pentagon", "triangle-down", "hexagon", "star")
GLYPHS = dict(zip(SYMBOLS, "●■◆▲⬟▼⬢★", strict=True))
"""What stands for a symbol in text."""
DASHES = ("dash", "dot", "dashdot", "longdash")
HATCHES = ("", "/", ".", "x")
GREY = "#7d828b"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


class Look(NamedTuple):
    """Colour and symbol of one label, and how its bars are hatched."""

    colour: str
    symbol: str
    hatch: str = ""


def style(labels: Sequence[str]) -> dict[str, Look]:
    """label -> its look, by position; past the palette, colours repeat with another symbol and hatch."""
    return {label: _look(*divmod(i, len(PALETTE))) for i, label in enumerate(labels)}


def _look(turn: int, colour: int) -> Look:
    symbol = SYMBOLS[(turn * (len(PALETTE) + 1) + colour) % len(SYMBOLS)]
    return Look(PALETTE[colour], symbol, HATCHES[turn % len(HATCHES)])


def tint(colour: str, alpha: float) -> str:
    """A hex colour, made transparent."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def text(value: object, most: int = 60) -> str:
    """Any text as plotly shows it unchanged: no markup, no control characters, at most `most` characters.

    Right-to-left text is isolated, so that it cannot reorder the numbers beside it.
    """
    cleaned = clean(value)
    cut = cleaned if len(cleaned) <= most else cleaned[: most - 1] + "…"
    return html.escape(isolated(cut), quote=False).replace("%{", "%&#123;")  # plotly.js would show &quot; as it is


def wrapped(value: object, width: int = 20, lines: int = 2) -> str:
    """`text` over at most two short lines, for the axis of a narrow screen."""
    parts = textwrap.wrap(str(value), width, max_lines=lines, placeholder="…", break_long_words=True) or [""]
    return "<br>".join(text(part) for part in parts)


def hover(*lines: str) -> str:
    """Lines of a hover text; each is already safe, through `text` or because it is ours."""
    return "<br>".join(line for line in lines if line)


def identities(trials: dict[int, str], most: int = 6) -> str:
    """Seeds with their trial ids, a line each, cut after a few: the tables have all."""
    shown = [f"seed {seed}: trial {text(trial)}" for seed, trial in sorted(trials.items())[:most]]
    more = len(trials) - len(shown)
    return hover(*shown, f"and {more} more, in the table" if more > 0 else "")


def figure(height: int, title: str, caption: str = "", **meta: object) -> go.Figure:
    """An empty figure in the house style; `title` and `caption` go to `layout.meta` for the page to set as text."""
    figure = go.Figure()
    figure.update_layout(
        template=TEMPLATE, height=height, meta={"title": title, "caption": caption, **meta}, hovermode="closest"
    )
    return figure


def _template() -> go.layout.Template:
    ink, grid = "#4b5057", "rgba(125,130,139,.22)"
    axis = {
        "showgrid": True, "gridcolor": grid, "zeroline": False, "linecolor": "rgba(125,130,139,.6)",
        "ticks": "outside", "ticklen": 4, "tickcolor": "rgba(125,130,139,.6)", 
        "title": {"standoff": 10, "font": {"size": 13}}, "tickfont": {"size": 12},
        "automargin": True, "fixedrange": True,
    }  # fmt: skip
    layout = go.Layout(
        font={"family": FONT, "size": 13, "color": ink},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=PALETTE,
        margin={"l": 56, "r": 16, "t": 16, "b": 48},
        xaxis=axis,
        yaxis=axis,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.2, "yanchor": "top", "itemsizing": "constant"},
        hoverlabel={"align": "left", "font": {"family": FONT, "size": 12}, "namelength": -1},
        dragmode=False,
    )
    return go.layout.Template(layout=layout)


TEMPLATE = _template()
