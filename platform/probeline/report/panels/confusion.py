"""Confusion matrices of a classifying protocol on the test part: a row a class, counts, shades by the row's share."""

import csv
import io
from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from probeline.report.panels.choice import Chosen
from probeline.report.panels.gallery import Gallery, gallery
from probeline.report.text import clean

MOST = 30  # classes: more are no table that can be read
FILE = "confusion.csv"
DARK = 75  # percent: from here on the ground is dark enough for white figures


def prepare(one: Chosen, protocol: str) -> pd.DataFrame:
    """A row a field, class by class: label, predicted, n, share (of the label's row; 0 in an empty row)."""
    name = f"{protocol}/{FILE}"
    if name not in one.files:
        return pd.DataFrame()
    head, *lines = csv.reader(io.StringIO(one.files[name].decode("utf-8"), newline=""))
    classes = head[1:]
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
    for place, name in enumerate(classes):
        fields = [_field(row) for row in frame.iloc[place * size : (place + 1) * size].itertuples(index=False)]
        lines.append(
            Markup('<tr><th scope="row"><bdi>{}</bdi></th>{}</tr>').format(clean(name), Markup("").join(fields))
        )
    return Markup(
        '<div class="matrix" tabindex="0" role="region" aria-label="Confusion matrix of {}"><table>'
        "<thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(clean(frame.attrs["cell"]), Markup("").join(heads), Markup("").join(lines))


def _field(row) -> Markup:
    percent = round(100 * row.share)
    kind = " dark" if percent >= DARK else ""
    said = f"{clean(row.label)} taken for {clean(row.predicted)}: {row.n}, {percent}% of the row"
    return Markup('<td class="field{}" style="--share:{}%" title="{}">{}</td>').format(kind, percent, said, row.n or "")


def _worst(frame: pd.DataFrame, classes: int) -> Markup:
    wrong = frame[(frame["label"] != frame["predicted"]) & (frame["n"] > 0)].sort_values("share", ascending=False)
    told = [
        Markup("<li><bdi>{}</bdi> taken for <bdi>{}</bdi>: {}, {:.0%}</li>").format(
            clean(row.label), clean(row.predicted), row.n, row.share
        )
        for row in wrong.head(10).itertuples(index=False)
    ]
    return Markup("<p>{} classes are too many for a table; confused most:</p><ul>{}</ul>").format(
        classes, Markup("").join(told)
    )


def panel(chosen: Sequence[Chosen], metric: str) -> Gallery | None:
    """The matrices of the metric's protocol, else of the first that left any; None where there are none."""
    left = [name.partition("/")[0] for one in chosen for name in one.files if name.endswith(f"/{FILE}")]
    main = metric.partition("/")[0]
    protocol = main if main in left else next(iter(left), None)
    if protocol is None:
        return None
    shown = clean(protocol).replace("_", " ")
    caption = (
        "Test part. A row a true class, a column what it was taken for; counts, shaded by their share of the row. "
        "One trial a cell: the tables have the means over seeds."
    )
    head = ("confusion", f"Confusion of classes, {shown}", caption)
    return gallery(head, protocol, chosen, lambda one: prepare(one, protocol), draw)
