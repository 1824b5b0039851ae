"""Nearest neighbours in h: a row a query, the image and those nearest to it; another class is named below."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from probeline.report.panels.gallery import Gallery, GalleryKind, Sheets, TileSheet, gallery, small, tile, tile_sheet
from probeline.report.panels.static_layout import WORDS, Tile, TileLayout, tiles
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

TITLE = "Nearest neighbours in h"
CAPTION = (
    "Left: a validation image, the same for every cell on these data. Right: the training images nearest to it by "
    "cosine similarity, nearest first. Those of another class have a frame and their class below."
)


@dataclass(frozen=True)
class Neighbour:
    """A training sample; `same`: whether it is of the query's class, None without labels."""

    tile: int
    label: str
    similarity: float
    same: bool | None


@dataclass(frozen=True)
class NeighbourQuery:
    """A validation sample and its neighbours, nearest first."""

    tile: int
    label: str
    near: tuple[Neighbour, ...]


@dataclass(frozen=True)
class NeighbourSheet:
    """The queries of one trial, all tiles of one sheet."""

    sheet: TileSheet
    queries: tuple[NeighbourQuery, ...]


def prepare(one: SelectedTrial, sheets: Sheets) -> NeighbourSheet | None:
    """What the trial's files show; None where there are none."""
    facts = one.facts("neighbours/neighbours.json")
    if facts is None or not facts["queries"]:
        return None
    queries = tuple(
        NeighbourQuery(
            int(asked["tile"]), str(asked["label"]), tuple(_neighbour(asked, near) for near in asked["near"])
        )
        for asked in facts["queries"]
    )
    return NeighbourSheet(tile_sheet(sheets.add(one.files["neighbours/neighbours.jpg"]), facts["sheet"]), queries)


def _neighbour(asked: dict, near: dict) -> Neighbour:
    same = near["label"] == asked["label"] if near["label"] and asked["label"] else None
    return Neighbour(int(near["tile"]), str(near["label"]), float(near["similarity"]), same)


def draw(info: NeighbourSheet) -> Markup:
    """A row a query."""
    lines = [_row(info.sheet, query) for query in info.queries]
    return Markup('<div class="grid">{}</div>').format(Markup("").join(lines))


def _row(sheet: TileSheet, query: NeighbourQuery) -> Markup:
    picture = tile(sheet, query.tile, f"asked: {clean(query.label) or 'no label'}")
    words = small(query.label) if query.label else Markup("")
    parts = [Markup('<span class="asked">{}{}</span>').format(picture, words)]
    for rank, near in enumerate(query.near, 1):
        other = near.same is False
        name = clean(near.label) or "no label"
        label = f"neighbour {rank}: {name}, similarity {near.similarity:.2f}"
        picture = tile(sheet, near.tile, label, "other" if other else "")
        words = small(near.label) if other else Markup("")
        parts.append(Markup('<span class="near">{}{}</span>').format(picture, words))
    return Markup('<div class="line">{}</div>').format(Markup("").join(parts))


def lay(info: NeighbourSheet) -> TileLayout:
    """The same on paper: a row a query."""
    laid = []
    for row, query in enumerate(info.queries):
        laid.append(Tile(0, row * (1 + WORDS), query.tile, query.label))
        for rank, near in enumerate(query.near, 1):
            other = near.same is False
            laid.append(Tile(rank + 0.3, row * (1 + WORDS), near.tile, near.label if other else "", other))
    return TileLayout(info.sheet, tuple(laid))


def panel(chosen: Sequence[SelectedTrial], sheets: Sheets) -> Gallery[NeighbourSheet] | None:
    """The gallery, or None where nobody asked for it."""
    head = ("neighbours", TITLE, CAPTION)
    kind = GalleryKind(lambda one: prepare(one, sheets), draw, lambda each: tiles(each, sheets, lay))
    return gallery(head, "neighbours", chosen, kind)
