"""Views: a few training images and what the method makes of them, with the targets of its pretext task."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from probeline.report.panels.gallery import Gallery, Sheets, Way, gallery, size_of, small, tile
from probeline.report.panels.static_layout import WORDS, Tile, tiles
from probeline.report.panels.trial_selection import SelectedTrial
from probeline.report.sentences.text import clean

TITLE = "Views: what each method trains on"
CAPTION = (
    "Left: a training image, the same for every cell on these data. Right: the views that the method makes of it, "
    "anew in every epoch; a number below is the answer that its task asks for."
)
ACROSS = 8
"""Views in one line; a square number of more, such as the patches of an image, stands as a square."""


def prepare(one: SelectedTrial, sheets: Sheets) -> pd.DataFrame:
    """A row a picture: sample, view (0 is the image itself), tile, label, target (or None)."""
    facts = one.facts("views/views.json")
    if facts is None:
        return pd.DataFrame()
    rows: list[tuple[int, int, int, str, int | None]] = []
    for sample, shown in enumerate(facts["samples"]):
        rows.append((sample, 0, int(shown["tile"]), str(shown["label"]), None))
        for view, entry in enumerate(shown["views"], 1):
            target = None if entry["target"] is None else int(entry["target"])
            rows.append((sample, view, int(entry["tile"]), str(shown["label"]), target))
    frame = pd.DataFrame(rows, columns=["sample", "view", "tile", "label", "target"], dtype=object)  # 3 beside None
    frame.attrs = {"sheet": sheets.add(one.files["views/views.jpg"]), "size": size_of(facts["sheet"])}
    return frame


def draw(frame: pd.DataFrame) -> Markup:
    """A line a sample."""
    lines = [_row(frame.attrs, group) for _, group in frame.groupby("sample", sort=True)]
    return Markup('<div class="grid views">{}</div>').format(Markup("").join(lines))


def across(views: int) -> int:
    """How many views stand in a line."""
    side = math.isqrt(views)
    return side if side * side == views and views > ACROSS else min(views, ACROSS)


def _row(attrs: dict, group: pd.DataFrame) -> Markup:
    image, *views = group.itertuples(index=False)
    label = clean(image.label)
    first = tile(attrs["sheet"], attrs["size"], image.tile, f"image: {label}" if label else "image")
    words = small(image.label) if label else Markup("")
    shown = [_view(attrs, each) for each in views]
    return Markup(
        '<div class="line"><span class="asked">{}{}</span><span class="views" style="--across:{}">{}</span></div>'
    ).format(first, words, across(len(views)), Markup("").join(shown))


def _view(attrs: dict, each: Any) -> Markup:
    has_target = each.target is not None
    label = f"view {each.view}" + (f", target {each.target}" if has_target else "")
    picture = tile(attrs["sheet"], attrs["size"], each.tile, label)
    return Markup('<span class="near">{}{}</span>').format(
        picture, small(str(each.target)) if has_target else Markup("")
    )


def lay(frame: pd.DataFrame) -> list[Tile]:
    """The same on paper: the image at the left, its views in lines beside it."""
    laid, row = [], 0.0
    for _, group in frame.groupby("sample", sort=True):
        image, *views_shown = group.itertuples(index=False)
        laid.append(Tile(0, row, image.tile, clean(image.label)))
        wide, step = across(len(views_shown)), 1 + WORDS * any(each.target is not None for each in views_shown)
        for index, each in enumerate(views_shown):
            line, column = divmod(index, wide)
            words = "" if each.target is None else str(each.target)
            laid.append(Tile(column + 1.3, row + line * step, each.tile, words))
        row += max(1 + WORDS, step * -(-len(views_shown) // max(1, wide))) + 0.1
    return laid


def panel(chosen: Sequence[SelectedTrial], sheets: Sheets) -> Gallery | None:
    """The gallery, or None where nobody asked for it."""
    way = Way(lambda one: prepare(one, sheets), draw, lambda each: tiles(each, sheets, lay))
    return gallery(("views", TITLE, CAPTION), "views", chosen, way)
