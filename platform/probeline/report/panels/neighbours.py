"""Nearest neighbours in h: a row a query, the sample and those nearest to it; another class is named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from probeline.report.panels.gallery import (
    Card,
    Gallery,
    GalleryKind,
    Sheets,
    TileSheet,
    gallery,
    small,
    tile,
)
from probeline.report.panels.shown_samples import TextList, shown_samples
from probeline.report.panels.static_layout import WORDS, Tile, TileLayout, tiles
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean
from probeline.report.tables.tables import Entry, Table

TITLE = "Nearest neighbours in h"
CAPTION = (
    "A validation sample, the same for every cell on these data, and the training samples nearest to it by cosine "
    "similarity, nearest first. Those of another class are marked and named."
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

    @property
    def tiles(self) -> tuple[int, ...]:
        """Its own and its neighbours'."""
        return (self.tile, *(near.tile for near in self.near))


@dataclass(frozen=True)
class NeighbourSheet:
    """The queries of one trial, all tiles of one sheet or texts of one list."""

    sheet: TileSheet | TextList
    queries: tuple[NeighbourQuery, ...]


def prepare(one: SelectedTrial, sheets: Sheets) -> NeighbourSheet | None:
    """What the trial's files show; None where there are none. Raises ValueError for a text that is not there."""
    facts = one.facts("neighbours/neighbours.json")
    if facts is None or not facts["queries"]:
        return None
    queries = tuple(
        NeighbourQuery(
            int(asked["tile"]), str(asked["label"]), tuple(_neighbour(asked, near) for near in asked["near"])
        )
        for asked in facts["queries"]
    )
    sheet = shown_samples(one, facts, "neighbours/neighbours.jpg", sheets)
    numbers = {number for query in queries for number in query.tiles}
    if isinstance(sheet, TextList) and not numbers <= set(range(len(sheet.texts))):
        raise ValueError(f"a query of a text that is none of {len(sheet.texts)}")
    return NeighbourSheet(sheet, queries)


def _neighbour(asked: dict, near: dict) -> Neighbour:
    same = near["label"] == asked["label"] if near["label"] and asked["label"] else None
    return Neighbour(int(near["tile"]), str(near["label"]), float(near["similarity"]), same)


def draw(info: NeighbourSheet) -> Markup:
    """A row a query; of texts a list a query."""
    if isinstance(info.sheet, TextList):
        return Markup('<div class="near-texts">{}</div>').format(
            Markup("").join(_list(info.sheet.texts, query) for query in info.queries)
        )
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


def _list(texts: Sequence[str], query: NeighbourQuery) -> Markup:
    lines = [
        Markup('<li class="{}"><bdi>{}</bdi> <small>{}</small></li>').format(
            "other" if near.same is False else "same", texts[near.tile], _said(near)
        )
        for near in query.near
    ]
    asked = Markup("<p><bdi>{}</bdi> <small><bdi>{}</bdi></small></p>").format(texts[query.tile], clean(query.label))
    return Markup("{}<ol>{}</ol>").format(asked, Markup("").join(lines))


def _said(near: Neighbour) -> str:
    return f"{near.similarity:.2f}" + (f", {clean(near.label)}" if near.same is False else "")


def _in_words(card: Card[NeighbourSheet], texts: Sequence[str]) -> Table:
    """The texts for a reader of text."""
    name = f"neighbours_{card.trial.rpartition(' ')[2]}"
    rows = tuple(
        (Entry(texts[query.tile]), Entry(texts[near.tile]), Entry(_said(near)))
        for query in card.info.queries
        for near in query.near
    )
    return Table(name, f"{TITLE}, {card.cell}, {card.trial}.", ("Text", "Near it", "Similarity"), rows)


def lay(info: NeighbourSheet) -> TileLayout:
    """The same on paper: a row a query. Raises TypeError for texts, which no tile shows."""
    if isinstance(info.sheet, TextList):
        raise TypeError("texts have no tiles")
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
    cards = gallery(head, "neighbours", chosen, kind)
    if cards is None:
        return None
    of_texts = [(card, card.info.sheet.texts) for card in cards.first if isinstance(card.info.sheet, TextList)]
    return replace(cards, figure=None, tables=tuple(_in_words(*each) for each in of_texts)) if of_texts else cards
