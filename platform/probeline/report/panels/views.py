"""Views: a few training images and what the method makes of them, with the targets of its pretext task."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from probeline.report.panels.gallery import Gallery, GalleryKind, Sheets, TileSheet, gallery, small, tile, tile_sheet
from probeline.report.panels.static_layout import WORDS, Tile, TileLayout, tiles
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

TITLE = "Views: what each method trains on"
CAPTION = (
    "Left: a training image, the same for every cell on these data. Right: the views that the method makes of it, "
    "anew in every epoch; a number below is the answer that its task asks for."
)
ACROSS = 8
"""Views in one line; a square number of more, such as the patches of an image, stands as a square."""


@dataclass(frozen=True)
class ShownView:
    """One view: its tile, and the answer that the task asks for, None where it asks for none."""

    tile: int
    target: int | None


@dataclass(frozen=True)
class ViewedSample:
    """A training sample, "" for no label, and its views."""

    tile: int
    label: str
    views: tuple[ShownView, ...]


@dataclass(frozen=True)
class SampleViews:
    """The samples of one trial, all tiles of one sheet."""

    sheet: TileSheet
    samples: tuple[ViewedSample, ...]


def prepare(one: SelectedTrial, sheets: Sheets) -> SampleViews | None:
    """What the trial's files show; None where there are none."""
    facts = one.facts("views/views.json")
    if facts is None or not facts["samples"]:
        return None
    samples = tuple(
        ViewedSample(int(shown["tile"]), str(shown["label"]), tuple(map(_shown_view, shown["views"])))
        for shown in facts["samples"]
    )
    return SampleViews(tile_sheet(sheets.add(one.files["views/views.jpg"]), facts["sheet"]), samples)


def _shown_view(entry: dict) -> ShownView:
    return ShownView(int(entry["tile"]), None if entry["target"] is None else int(entry["target"]))


def draw(info: SampleViews) -> Markup:
    """A line a sample."""
    lines = [_row(info.sheet, sample) for sample in info.samples]
    return Markup('<div class="grid views">{}</div>').format(Markup("").join(lines))


def across(views: int) -> int:
    """How many views stand in a line."""
    side = math.isqrt(views)
    return side if side * side == views and views > ACROSS else min(views, ACROSS)


def _row(sheet: TileSheet, sample: ViewedSample) -> Markup:
    label = clean(sample.label)
    first = tile(sheet, sample.tile, f"image: {label}" if label else "image")
    words = small(sample.label) if label else Markup("")
    shown = [_view(sheet, number, view) for number, view in enumerate(sample.views, 1)]
    return Markup(
        '<div class="line"><span class="asked">{}{}</span><span class="views" style="--across:{}">{}</span></div>'
    ).format(first, words, across(len(sample.views)), Markup("").join(shown))


def _view(sheet: TileSheet, number: int, view: ShownView) -> Markup:
    label = f"view {number}" + ("" if view.target is None else f", target {view.target}")
    words = Markup("") if view.target is None else small(str(view.target))
    return Markup('<span class="near">{}{}</span>').format(tile(sheet, view.tile, label), words)


def lay(info: SampleViews) -> TileLayout:
    """The same on paper: the image at the left, its views in lines beside it."""
    laid, row = [], 0.0
    for sample in info.samples:
        laid.append(Tile(0, row, sample.tile, clean(sample.label)))
        wide, step = across(len(sample.views)), 1 + WORDS * any(view.target is not None for view in sample.views)
        for index, view in enumerate(sample.views):
            line, column = divmod(index, wide)
            words = "" if view.target is None else str(view.target)
            laid.append(Tile(column + 1.3, row + line * step, view.tile, words))
        row += max(1 + WORDS, step * -(-len(sample.views) // max(1, wide))) + 0.1
    return TileLayout(info.sheet, tuple(laid))


def panel(chosen: Sequence[SelectedTrial], sheets: Sheets) -> Gallery[SampleViews] | None:
    """The gallery, or None where nobody asked for it."""
    kind = GalleryKind(lambda one: prepare(one, sheets), draw, lambda each: tiles(each, sheets, lay))
    return gallery(("views", TITLE, CAPTION), "views", chosen, kind)
