"""Small multiples: panels that the page sets in as many columns as the screen has room for."""

from collections.abc import Sequence

import plotly.graph_objects as go

from probeline.report.figures import _style

COLUMNS, LEGEND = 3, 44  # columns at most; px of a legend below the panels
GAP_X, GAP_Y, TOP = 64, 76, 30  # px: room for the ticks of the panel to the right, of the one above, for a title


def panels(titles: Sequence[str], heights: Sequence[int], title: str, caption: str) -> go.Figure:
    """A figure with axes x1/y1, x2/y2... one pair a panel, in one column; `titles` are safe text.

    `layout.meta.panels` holds the heights in px; the page's script spreads the panels over columns with them.
    """
    total = sum(heights) + (TOP + GAP_Y) * len(heights)
    figure = _style.figure(total, title, caption, panels=list(heights))
    layout: dict = {"margin": {"l": 56, "r": 16, "t": 0, "b": 0}, "annotations": []}
    top = 0
    for i, (name, height) in enumerate(zip(titles, heights, strict=True)):
        top += TOP
        domain = [1 - (top + height) / total, 1 - top / total]
        layout[key("x", i)] = {"anchor": axis("y", i), "domain": [0, 1]}
        layout[key("y", i)] = {"anchor": axis("x", i), "domain": domain}
        layout["annotations"].append(
            {"text": f"<b>{name}</b>", "xref": f"{axis('x', i)} domain", "yref": f"{axis('y', i)} domain", "x": 0,
             "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 6, "showarrow": False}
        )  # fmt: skip
        top += height + GAP_Y
    return figure.update_layout(layout)  # at once: plotly checks all of a layout's axes anew for each


def in_columns(figure: go.Figure, width: int) -> go.Figure:
    """The panels spread over columns of a figure `width` px wide, as the page's script does on a screen (figures.js).

    The height grows or shrinks to what they need, without margins above and below.
    """
    meta = figure.layout.meta
    heights, left_margin, below = meta["panels"], meta.get("left") or 56, meta.get("gap", GAP_Y)
    columns = min(len(heights), meta.get("columns") or COLUMNS)
    columns -= columns == COLUMNS and len(heights) % columns == 1  # else one panel stands alone below
    rows = [max(heights[i : i + columns]) for i in range(0, len(heights), columns)]
    legend = meta.get("legend") or 0
    total = sum(rows) + (TOP + below) * len(rows) + bool(legend) * (LEGEND + 20 * (legend * 110 // width))
    room = width - left_margin - 16
    across = (room - (columns - 1) * GAP_X) / columns
    layout: dict = {"height": total, "margin": {"l": left_margin, "r": 16, "t": 0, "b": 0}}
    layout |= {"legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "bottom"}} if legend else {}
    for i, height in enumerate(heights):
        row, column = divmod(i, columns)
        start, top = column * (across + GAP_X), sum(rows[:row]) + (TOP + below) * row + TOP
        layout[key("x", i)] = {"domain": [start / room, min(1.0, (start + across) / room)]}
        layout[key("y", i)] = {"domain": [max(0.0, 1 - (top + height) / total), 1 - top / total]}
    return figure.update_layout(layout)


def axis(letter: str, i: int) -> str:
    """What plotly calls the i-th axis in a trace: x, x2, x3..."""
    return f"{letter}{i + 1 if i else ''}"


def key(letter: str, i: int) -> str:
    """What plotly calls the i-th axis in a layout: xaxis, xaxis2..."""
    return f"{letter}axis{i + 1 if i else ''}"
