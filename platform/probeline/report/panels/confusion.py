"""Confusion matrices of a classifying protocol on the test part: a row a class, counts, shades by the row's share."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go
from markupsafe import Markup

from probeline.report.figures import _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.panels.gallery import Card, Gallery, GalleryKind, gallery
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Entry, Table
from probeline.storage.spreadsheet_text import original

MAX_CLASSES = 30  # more are no table that can be read
MAX_TEXT_CLASSES = 12  # a table of text has no small print
MAX_PAIRS = 10
FILE = "confusion.csv"
HEIGHT = 300  # px of a matrix on paper
SHADES = ((0.0, "#ffffff"), (1.0, "#0b4f8a"))
DARK = 75  # percent: from here on the ground is dark enough for white figures


@dataclass(frozen=True)
class ConfusedPair:
    """`n` samples of the class `label` taken for `predicted`; `share`: of the label's row."""

    label: str
    predicted: str
    n: int
    share: float


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts of one trial, a row a true class."""

    cell: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def shares(self) -> list[list[float]]:
        """Each count as a share of its row, 0 in an empty row."""
        return [[n / total if (total := sum(row)) else 0.0 for n in row] for row in self.counts]

    @property
    def most_confused(self) -> list[ConfusedPair]:
        """The MAX_PAIRS pairs that are confused most, by their share."""
        pairs = [
            ConfusedPair(label, predicted, n, share)
            for label, row, shares in zip(self.classes, self.counts, self.shares, strict=True)
            for predicted, n, share in zip(self.classes, row, shares, strict=True)
            if label != predicted and n > 0
        ]
        return sorted(pairs, key=lambda pair: -pair.share)[:MAX_PAIRS]


def prepare(one: SelectedTrial, protocol: str) -> ConfusionMatrix | None:
    """The matrix in the trial's file; None where there is none. Raises ValueError where it is not square."""
    name = f"{protocol}/{FILE}"
    if name not in one.files:
        return None
    head, *lines = csv.reader(io.StringIO(one.files[name].decode("utf-8"), newline=""))
    classes = tuple(original(name) for name in head[1:])
    if len(lines) != len(classes) or any(len(line) != len(head) for line in lines):
        raise ValueError(f"{name} is not square")
    if not classes:
        return None
    return ConfusionMatrix(one.cell, classes, tuple(tuple(int(count) for count in line[1:]) for line in lines))


def draw(matrix: ConfusionMatrix) -> Markup:
    """A table; beyond MAX_CLASSES the pairs that are confused most, in words."""
    classes = matrix.classes
    if len(classes) > MAX_CLASSES:
        return _worst(matrix)
    heads = [Markup('<th scope="col"><span><bdi>{}</bdi></span></th>').format(clean(name)) for name in classes]
    lines = []
    for label, row, shares in zip(classes, matrix.counts, matrix.shares, strict=True):
        pairs = zip(classes, row, shares, strict=True)
        fields = [_field(ConfusedPair(label, *pair)) for pair in pairs]
        lines.append(
            Markup('<tr><th scope="row"><bdi>{}</bdi></th>{}</tr>').format(clean(label), Markup("").join(fields))
        )
    return Markup(
        '<div class="matrix" tabindex="0" role="region" aria-label="Confusion matrix of {}"><table>'
        "<thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(clean(matrix.cell), Markup("").join(heads), Markup("").join(lines))


def _field(pair: ConfusedPair) -> Markup:
    percent = round(100 * pair.share)
    kind = " dark" if percent >= DARK else ""
    label = f"{clean(pair.label)} taken for {clean(pair.predicted)}: {pair.n}, {percent}% of the row"
    return Markup('<td class="field{}" style="--share:{}%" title="{}">{}</td>').format(
        kind, percent, label, pair.n or ""
    )


def _worst(matrix: ConfusionMatrix) -> Markup:
    lines = [
        Markup("<li><bdi>{}</bdi> taken for <bdi>{}</bdi>: {}, {:.0%}</li>").format(
            clean(pair.label), clean(pair.predicted), pair.n, pair.share
        )
        for pair in matrix.most_confused
    ]
    return Markup("<p>{} classes are too many for a table; confused most:</p><ul>{}</ul>").format(
        len(matrix.classes), Markup("").join(lines)
    )


def figure(matrices: Gallery[ConfusionMatrix]) -> go.Figure:
    """The same on paper: a heat map a card, with counts and names up to MAX_CLASSES."""
    titles = [_style.text(card.cell, 42) for card in matrices.cards]
    picture = panels(titles, [HEIGHT] * len(titles), matrices.title, matrices.caption)
    for index, card in enumerate(matrices.cards):
        classes, size = card.info.classes, len(card.info.classes)
        few = size <= MAX_CLASSES
        picture.add_heatmap(
            z=card.info.shares, zmin=0, zmax=1, colorscale=SHADES,
            text=[[str(n or "") for n in row] for row in card.info.counts], showscale=False, xgap=1, ygap=1,
            texttemplate="%{text}" if few else None, textfont={"size": 11 if size <= 12 else 8},
            xaxis=axis("x", index), yaxis=axis("y", index),
        )  # fmt: skip
        ticks = {"tickvals": list(range(size)) if few else [], "showgrid": False, "tickfont": {"size": 10}}
        ticks["ticktext"] = [_style.text(name, 9) for name in classes] if few else []
        picture.layout[key("x", index)].update(tickangle=-40, automargin=False, **ticks)
        picture.layout[key("y", index)].update(autorange="reversed", automargin=False, **ticks)
    return picture.update_layout(meta={**picture.layout.meta, "left": 72, "columns": 2})


def _table(card: Card[ConfusionMatrix]) -> Table:
    """The counts for a reader of text: whole up to MAX_TEXT_CLASSES, else the pairs that are confused most."""
    matrix, name = card.info, f"confusion_{card.trial.rpartition(' ')[2]}"
    caption = f"Confusion of classes, {card.cell}, {card.trial}."
    if len(matrix.classes) > MAX_TEXT_CLASSES:
        rows = [
            (Entry(p.label), Entry(p.predicted), Entry(str(p.n), p.n), Entry(f"{p.share:.0%}", p.share))
            for p in matrix.most_confused
        ]
        heads = ("True class", "Taken for", "n", "Share of the class")
        return Table(
            name, f"{caption} The {len(rows)} pairs that are confused most.", heads, tuple(rows), frozenset({2, 3})
        )
    lines = [
        (Entry(label), *(Entry(str(n), n) for n in row))
        for label, row in zip(matrix.classes, matrix.counts, strict=True)
    ]
    caption += " A row a true class, a column what it was taken for."
    return Table(name, caption, ("", *matrix.classes), tuple(lines), frozenset(range(1, len(matrix.classes) + 1)))


def panel(chosen: Sequence[SelectedTrial], metric: str) -> Gallery[ConfusionMatrix] | None:
    """The matrices of the metric's protocol, else of the first that left any; None where there are none."""
    protocols = [name.partition("/")[0] for one in chosen for name in one.files if name.endswith(f"/{FILE}")]
    main = metric.partition("/")[0]
    protocol = main if main in protocols else next(iter(protocols), None)
    if protocol is None:
        return None
    shown = clean(protocol).replace("_", " ")
    caption = (
        "Test part. A row a true class, a column what it was taken for; counts, shaded by their share of the row. "
        "One trial a cell: the tables have the means over seeds."
    )
    head = ("confusion", f"Confusion of classes, {shown}", caption)
    matrices = gallery(head, protocol, chosen, GalleryKind(lambda one: prepare(one, protocol), draw, figure))
    return replace(matrices, tables=tuple(_table(card) for card in matrices.first)) if matrices else None
