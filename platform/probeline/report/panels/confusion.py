"""Confusion matrices of a classifying protocol on the test part: a row a class, counts, shades by the row's share."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from markupsafe import Markup

from probeline.report.figures import _style
from probeline.report.figures._panels import axis, key, panels
from probeline.report.panels.gallery import Card, Gallery, Way, gallery
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Entry, Table
from probeline.storage.spreadsheet_text import original

MOST = 30  # classes: more are no table that can be read
FEW = 12  # classes: a table of text has no small print
FILE = "confusion.csv"
HEIGHT = 300  # px of a matrix on paper
SHADES = ((0.0, "#ffffff"), (1.0, "#0b4f8a"))
DARK = 75  # percent: from here on the ground is dark enough for white figures


def prepare(one: SelectedTrial, protocol: str) -> pd.DataFrame:
    """A row a field, class by class: label, predicted, n, share (of the label's row; 0 in an empty row)."""
    name = f"{protocol}/{FILE}"
    if name not in one.files:
        return pd.DataFrame()
    head, *lines = csv.reader(io.StringIO(one.files[name].decode("utf-8"), newline=""))
    classes = [original(name) for name in head[1:]]
    if len(lines) != len(classes) or any(len(line) != len(head) for line in lines):
        raise ValueError(f"{name} is not square")
    rows = []
    for label, line in zip(classes, lines, strict=True):
        counts = [int(count) for count in line[1:]]
        total = sum(counts)
        rows += [
            (label, predicted, n, n / total if total else 0.0) for predicted, n in zip(classes, counts, strict=True)
        ]
    frame = pd.DataFrame(rows, columns=["label", "predicted", "n", "share"])
    frame.attrs = {"classes": classes, "cell": one.cell}
    return frame


def draw(frame: pd.DataFrame) -> Markup:
    """A table; beyond MOST classes the pairs that are confused most, in words."""
    classes = frame.attrs["classes"]
    if len(classes) > MOST:
        return _worst(frame, len(classes))
    heads = [Markup('<th scope="col"><span><bdi>{}</bdi></span></th>').format(clean(name)) for name in classes]
    size, lines = len(classes), []
    for index, name in enumerate(classes):
        fields = [_field(row) for row in frame.iloc[index * size : (index + 1) * size].itertuples(index=False)]
        lines.append(
            Markup('<tr><th scope="row"><bdi>{}</bdi></th>{}</tr>').format(clean(name), Markup("").join(fields))
        )
    return Markup(
        '<div class="matrix" tabindex="0" role="region" aria-label="Confusion matrix of {}"><table>'
        "<thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(clean(frame.attrs["cell"]), Markup("").join(heads), Markup("").join(lines))


def _field(row: Any) -> Markup:
    percent = round(100 * row.share)
    kind = " dark" if percent >= DARK else ""
    label = f"{clean(row.label)} taken for {clean(row.predicted)}: {row.n}, {percent}% of the row"
    return Markup('<td class="field{}" style="--share:{}%" title="{}">{}</td>').format(
        kind, percent, label, row.n or ""
    )


def _worst(frame: pd.DataFrame, classes: int) -> Markup:
    lines = [
        Markup("<li><bdi>{}</bdi> taken for <bdi>{}</bdi>: {}, {:.0%}</li>").format(
            clean(label), clean(predicted), n, share
        )
        for label, predicted, n, share in _most(frame)
    ]
    return Markup("<p>{} classes are too many for a table; confused most:</p><ul>{}</ul>").format(
        classes, Markup("").join(lines)
    )


def figure(matrices: Gallery) -> go.Figure:
    """The same on paper: a heat map a card, with counts and names up to MOST classes."""
    frames = [card.frame for card in matrices.cards]
    titles = [_style.text(card.cell, 42) for card in matrices.cards]
    picture = panels(titles, [HEIGHT] * len(frames), matrices.title, matrices.caption)
    for index, frame in enumerate(frames):
        classes, size = frame.attrs["classes"], len(frame.attrs["classes"])
        few = size <= MOST
        counts = frame["n"].to_numpy().reshape(size, size)
        picture.add_heatmap(
            z=frame["share"].to_numpy().reshape(size, size).tolist(), zmin=0, zmax=1, colorscale=SHADES,
            text=[[str(n or "") for n in row] for row in counts.tolist()], showscale=False, xgap=1, ygap=1,
            texttemplate="%{text}" if few else None, textfont={"size": 11 if size <= 12 else 8},
            xaxis=axis("x", index), yaxis=axis("y", index),
        )  # fmt: skip
        ticks = {"tickvals": list(range(size)) if few else [], "showgrid": False, "tickfont": {"size": 10}}
        ticks["ticktext"] = [_style.text(name, 9) for name in classes] if few else []
        picture.layout[key("x", index)].update(tickangle=-40, automargin=False, **ticks)
        picture.layout[key("y", index)].update(autorange="reversed", automargin=False, **ticks)
    return picture.update_layout(meta={**picture.layout.meta, "left": 72, "columns": 2})


def _table(card: Card) -> Table:
    """The counts for a reader of text: whole up to FEW classes, else the pairs that are confused most."""
    classes, name = card.frame.attrs["classes"], f"confusion_{card.trial.rpartition(' ')[2]}"
    caption = f"Confusion of classes, {card.cell}, {card.trial}."
    if len(classes) > FEW:
        rows = [(Entry(a), Entry(b), Entry(str(n), n), Entry(f"{s:.0%}", s)) for a, b, n, s in _most(card.frame)]
        heads = ("True class", "Taken for", "n", "Share of the class")
        return Table(
            name, f"{caption} The {len(rows)} pairs that are confused most.", heads, tuple(rows), frozenset({2, 3})
        )
    counts = card.frame["n"].to_numpy().reshape(len(classes), -1).tolist()
    lines = [(Entry(label), *(Entry(str(n), n) for n in row)) for label, row in zip(classes, counts, strict=True)]
    caption += " A row a true class, a column what it was taken for."
    return Table(name, caption, ("", *classes), tuple(lines), frozenset(range(1, len(classes) + 1)))


def _most(frame: pd.DataFrame) -> list[tuple[str, str, int, float]]:
    """The ten pairs that are confused most: class, what it was taken for, n, share of the class."""
    wrong = frame[(frame["label"] != frame["predicted"]) & (frame["n"] > 0)]
    worst = wrong.sort_values("share", ascending=False, kind="stable").head(10)
    return list(worst[["label", "predicted", "n", "share"]].itertuples(index=False, name=None))


def panel(chosen: Sequence[SelectedTrial], metric: str) -> Gallery | None:
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
    matrices = gallery(head, protocol, chosen, Way(lambda one: prepare(one, protocol), draw, figure))
    return replace(matrices, tables=tuple(_table(card) for card in matrices.first)) if matrices else None
