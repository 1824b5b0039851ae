"""Scores of verification on the test part: how far those of equal pairs lie from those of unequal ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import plotly.graph_objects as go
from markupsafe import Markup

from probeline.report.figures import _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.panels.gallery import Card, Gallery, GalleryKind, gallery
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

PROTOCOL, FILE = "verification", "verification/scores.json"
TITLE = "Scores of pairs"
CAPTION = (
    "Test part. Shares of the equal and of the unequal pairs by their score, higher for those more alike; no threshold "
    "can part what overlaps. One trial a cell: the tables have the means over seeds."
)
COLOURS = {"equal": "#0b4f8a", "unequal": "#c2571a"}
WIDTH, HEIGHT = 300, 120  # units of the drawing on the page
PAPER_HEIGHT = 200  # px of a histogram on paper


@dataclass(frozen=True)
class ScoreHistogram:
    """Shares of pairs in each bin by kind, `equal` and `unequal`; `edges`: of the bins, one more than there are."""

    cell: str
    edges: tuple[float, ...]
    shares: dict[str, tuple[float, ...]]


def prepare(one: SelectedTrial) -> ScoreHistogram | None:
    """The histogram in the trial's file; None where there is none. Raises ValueError where its lengths differ."""
    facts = one.facts(FILE)
    if facts is None:
        return None
    edges = tuple(map(float, facts["edges"]))
    counts = {kind: tuple(map(int, facts[kind])) for kind in COLOURS}
    if any(len(each) != len(edges) - 1 or sum(each) < 1 for each in counts.values()):
        raise ValueError(f"{FILE} has bins without edges, or no pairs")
    return ScoreHistogram(one.cell, edges, {kind: tuple(n / sum(each) for n in each) for kind, each in counts.items()})


def draw(histogram: ScoreHistogram) -> Markup:
    """Two steps of bins, one over the other, with the range of scores below."""
    highest = max(max(shares) for shares in histogram.shares.values())
    areas = Markup("").join(
        Markup('<polygon points="{}" fill="{}" fill-opacity="0.35" stroke="{}"/>').format(
            _outline(shares, highest), COLOURS[kind], COLOURS[kind]
        )
        for kind, shares in histogram.shares.items()
    )
    low, high = (f"{histogram.edges[at]:.3g}" for at in (0, -1))
    return Markup(
        '<figure><svg viewBox="0 0 {} {}" role="img" aria-label="Scores of equal and unequal pairs of {}" width="100%">'
        "{}</svg><figcaption>score from {} to {}; blue: equal pairs, orange: unequal ones</figcaption></figure>"
    ).format(WIDTH, HEIGHT, clean(histogram.cell), areas, low, high)


def _outline(shares: Sequence[float], highest: float) -> str:
    """The corners of the steps, from the lower left one on."""
    step, corners = WIDTH / len(shares), [(0.0, 0.0)]
    for number, share in enumerate(shares):
        corners += [(number * step, share / highest), ((number + 1) * step, share / highest)]
    corners.append((float(WIDTH), 0.0))
    return " ".join(f"{x:.1f},{HEIGHT - (HEIGHT - 4) * y:.1f}" for x, y in corners)


def figure(histograms: Gallery[ScoreHistogram]) -> go.Figure:
    """The same on paper: bars by kind, a panel a card."""
    titles = [_style.text(card.cell, 42) for card in histograms.cards]
    picture = panels(titles, [PAPER_HEIGHT] * len(titles), histograms.title, histograms.caption)
    for index, card in enumerate(histograms.cards):
        _bars(picture, index, card)
    return picture.update_layout(
        barmode="overlay", meta={**picture.layout.meta, "columns": 2, "legend": True}, bargap=0
    )


def _bars(picture: go.Figure, index: int, card: Card[ScoreHistogram]) -> None:
    centres = [(low + high) / 2 for low, high in pairwise(card.info.edges)]
    for kind, shares in card.info.shares.items():
        picture.add_bar(
            x=centres, y=shares, marker={"color": _style.tint(COLOURS[kind], 0.5), "line": {"width": 0}},
            name=f"{kind} pairs", legendgroup=kind, showlegend=index == 0, xaxis=axis("x", index),
            yaxis=axis("y", index),
        )  # fmt: skip
    picture.layout[key("x", index)].update(title_text="score")
    picture.layout[key("y", index)].update(title_text="share of pairs", tickformat=".0%")


def panel(chosen: Sequence[SelectedTrial]) -> Gallery[ScoreHistogram] | None:
    """The histograms of trials that verified pairs; None where no recipe has the protocol."""
    return gallery((PROTOCOL, TITLE, CAPTION), PROTOCOL, chosen, GalleryKind(prepare, draw, figure))
