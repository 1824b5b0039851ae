"""Nearest neighbours in h: a row a query, the image and those nearest to it; another class is named below."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from probeline.report.panels.gallery import Gallery, Sheets, Way, gallery, size_of, small, tile
from probeline.report.panels.static_layout import WORDS, Tile, tiles
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

TITLE = "Nearest neighbours in h"
CAPTION = (
    "Left: a validation image, the same for every cell on these data. Right: the training images nearest to it by "
    "cosine similarity, nearest first. Those of another class have a frame and their class below."
)


def prepare(one: SelectedTrial, sheets: Sheets) -> pd.DataFrame:
    """A row a picture: query, rank (0 is the query itself), tile, label, similarity, same (or None without labels)."""
    facts = one.facts("neighbours/neighbours.json")
    if facts is None:
        return pd.DataFrame()
    rows: list[tuple[int, int, int, str, float, bool | None]] = []
    for query, asked in enumerate(facts["queries"]):
        rows.append((query, 0, int(asked["tile"]), str(asked["label"]), 1.0, True))
        for rank, near in enumerate(asked["near"], 1):
            same = near["label"] == asked["label"] if near["label"] and asked["label"] else None
            rows.append((query, rank, int(near["tile"]), str(near["label"]), float(near["similarity"]), same))
    frame = pd.DataFrame(rows, columns=["query", "rank", "tile", "label", "similarity", "same"])
    frame.attrs = {"sheet": sheets.add(one.files["neighbours/neighbours.jpg"]), "size": size_of(facts["sheet"])}
    return frame


def draw(frame: pd.DataFrame) -> Markup:
    """A row a query."""
    lines = [_row(frame.attrs, group) for _, group in frame.groupby("query", sort=True)]
    return Markup('<div class="grid">{}</div>').format(Markup("").join(lines))


def _row(attrs: dict, group: pd.DataFrame) -> Markup:
    parts = []
    for each in group.itertuples(index=False):
        name = clean(each.label) or "no label"
        label = (
            f"asked: {name}" if each.rank == 0 else f"neighbour {each.rank}: {name}, similarity {each.similarity:.2f}"
        )
        other = each.same is False
        picture = tile(attrs["sheet"], attrs["size"], each.tile, label, "other" if other else "")
        words = small(_under(each)) if _under(each) or other else Markup("")
        kind = "asked" if each.rank == 0 else "near"
        parts.append(Markup('<span class="{}">{}{}</span>').format(kind, picture, words))
    return Markup('<div class="line">{}</div>').format(Markup("").join(parts))


def lay(frame: pd.DataFrame) -> list[Tile]:
    """The same on paper: a row a query."""
    return [
        Tile(each.rank + 0.3 * (each.rank > 0), each.query * (1 + WORDS), each.tile, _under(each), each.same is False)
        for each in frame.itertuples(index=False)
    ]


def _under(each: Any) -> str:
    return each.label if each.same is False or each.rank == 0 else ""


def panel(chosen: Sequence[SelectedTrial], sheets: Sheets) -> Gallery | None:
    """The gallery, or None where nobody asked for it."""
    head = ("neighbours", TITLE, CAPTION)
    way = Way(lambda one: prepare(one, sheets), draw, lambda each: tiles(each, sheets, lay))
    return gallery(head, "neighbours", chosen, way)
