"""Names at the right end of lines; the page swaps them for a legend where the screen is narrow."""

from collections.abc import Mapping

import plotly.graph_objects as go

from probeline.report.figures import _style
from probeline.report.figures._style import Look

HEIGHT = 372  # px: of a plot inside the margins of its figure
LABEL = 19  # px between two labels


def add(
    figure: go.Figure, ends: Mapping[str, float], looks: Mapping[str, Look], span: tuple[float, float], scale: float
) -> None:
    """Label each line at its last value; where there is no space for all, leave it to the legend.

    `span`: bottom and top of the y axis; it and `ends` are in stored units, of which `scale` makes those of the axis.
    """
    if len(ends) * LABEL > HEIGHT:
        figure.layout.meta = {**figure.layout.meta, "direct": False}
        return
    gap = LABEL / HEIGHT * (span[1] - span[0])
    figure.layout.annotations += tuple(
        go.layout.Annotation(
            x=1, xref="paper", xanchor="left", xshift=6, y=y * scale, yanchor="middle", showarrow=False,
            text=_named(line, looks[line]), align="left",
        )
        for line, y in spread(ends, gap, *span).items()
    )  # fmt: skip


def _named(line: str, look: Look) -> str:
    return f'<span style="color:{look.colour}">{_style.GLYPHS[look.symbol]}</span> {_style.text(line, 22)}'


def spread(wanted: Mapping[str, float], gap: float, low: float, high: float) -> dict[str, float]:
    """Positions of labels: near where they are wanted, at least `gap` apart, between low and high."""
    order = sorted(wanted, key=wanted.__getitem__)
    placed: list[float] = []
    for label in order:
        placed.append(max(wanted[label], placed[-1] + gap) if placed else max(wanted[label], low))
    ceiling = high
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    return dict(zip(order, placed, strict=True))
