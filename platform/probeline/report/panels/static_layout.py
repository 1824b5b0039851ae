"""Galleries as figures, for files that stand alone: each card's tiles under its name, two cards side by side."""

import base64
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go
from PIL import Image

from probeline.report.figures import _style
from probeline.report.panels.gallery import Gallery, InfoT, Sheets, TileSheet
from probeline.report.panels.image_compression import PIXELS

WIDTH, COLUMNS, EDGE, GAP = 1000, 2, 16, 40  # px: of the figure, left and right of it, between cards
NAME, SPACE = 26, 0.08  # px above a card's tiles for its name; between tiles, as a share of a tile
LARGEST = 52  # px of a tile's side
SHARP = 128  # px that a tile's file has at least: its pixels stay squares
WORDS = 0.32  # of a tile's height, for words below it


@dataclass(frozen=True)
class Tile:
    """One picture of a card: where it stands, in its own widths and heights, its `index` on its sheet.

    `words` stand below it; `marked` frames it.
    """

    column: float
    row: float
    index: int
    words: str = ""
    marked: bool = False


@dataclass(frozen=True)
class TileLayout:
    """The tiles of one card, all of one sheet."""

    sheet: TileSheet
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class WholeImage:
    """A file that is shown as it is: its name, the cell that left it, its content as a data URL."""

    name: str
    cell: str
    address: str


@dataclass(frozen=True)
class PlacedImage:
    """A picture in px of the whole figure, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    address: str
    words: str = ""
    marked: bool = False


def tiles(gallery: Gallery[InfoT], sheets: Sheets, lay: Callable[[InfoT], TileLayout]) -> go.Figure:
    """A gallery of tiles that are cut from sheets; `lay`: what a card shows -> where its tiles stand."""
    return _figure(gallery, [_cut(sheets, lay(card.info)) for card in gallery.cards])


def whole(gallery: Gallery[WholeImage]) -> go.Figure:
    """A gallery of pictures that each fill their card."""
    return _figure(gallery, [_filling(card.info.address) for card in gallery.cards])


def _across() -> float:
    return (WIDTH - 2 * EDGE - (COLUMNS - 1) * GAP) / COLUMNS


def _cut(sheets: Sheets, laid: TileLayout) -> list[PlacedImage]:
    """Tiles in px of their card."""
    sheet = laid.sheet
    pixels = _pixels(sheets.contents[sheet.name])
    if pixels is None or sheet.width > pixels.width or sheet.height > pixels.height:
        return []
    columns = max((tile.column for tile in laid.tiles), default=0) + 1
    side = min(LARGEST, _across() / columns)
    tall = side * sheet.height / sheet.width
    most = max(3, round(side / 5.5))  # characters that fit below a tile
    addresses = {index: _tile(pixels, index, sheet) for index in {tile.index for tile in laid.tiles}}
    return [
        PlacedImage(tile.column * side, tile.row * tall, side * (1 - SPACE), tall * (1 - SPACE), addresses[tile.index],
               _style.text(tile.words, most), tile.marked)
        for tile in laid.tiles
    ]  # fmt: skip


def _tile(pixels: Image.Image, index: int, sheet: TileSheet) -> str:
    line, column = divmod(index, sheet.across)
    width, height = sheet.width, sheet.height
    left_edge, top = column * width, line * height
    zoom = max(1, math.ceil(SHARP / width))
    size = (width * zoom, height * zoom)
    return _address(
        pixels.crop((left_edge, top, left_edge + width, top + height)).resize(size, Image.Resampling.NEAREST)
    )


def _filling(address: str) -> list[PlacedImage]:
    """The picture as wide as its card, or as many times its size as fit."""
    pixels = _pixels(base64.b64decode(address.partition(",")[2]))
    if pixels is None:
        return []
    zoom = max(1, math.ceil(_across() / pixels.width))
    large = pixels.resize((pixels.width * zoom, pixels.height * zoom), Image.Resampling.NEAREST)
    return [PlacedImage(0, 0, _across(), _across() * pixels.height / pixels.width, _address(large))]


def _pixels(content: bytes) -> Image.Image | None:
    """None for what is no picture, or one too large to be a protocol's."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
            return picture.convert("RGB") if picture.width * picture.height <= PIXELS else None
    except (OSError, ValueError, SyntaxError):
        return None


def _address(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _figure(gallery: Gallery[InfoT], cards: Sequence[Sequence[PlacedImage]]) -> go.Figure:
    """Cards in rows of COLUMNS; the axes count px from the upper left corner."""
    top, images, words, marks = 0.0, [], [], []
    for start in range(0, len(cards), COLUMNS):
        row = list(zip(gallery.cards[start : start + COLUMNS], cards[start : start + COLUMNS], strict=True))
        for column, (card, placed) in enumerate(row):
            left_edge = EDGE + column * (_across() + GAP)
            name = f"<b>{_style.text(card.cell, 46)}</b>" + ("" if placed else ": a file that cannot be read")
            words.append(_words(name, left_edge, top, 13, "left"))
            for each in _moved(placed, left_edge, top + NAME):
                images.append(_image(each))
                marks += [_frame(each)] * each.marked
                words += [_words(each.words, each.x + each.width / 2, each.y + each.height, 9, "center")] * bool(
                    each.words
                )
        top += NAME + max((_foot(placed) for _, placed in row), default=0) + GAP / 2
    picture = _style.figure(max(60, math.ceil(top)), gallery.title, gallery.caption, canvas=True)
    hidden = {"visible": False, "showgrid": False}
    return picture.update_layout(
        xaxis={"range": [0, WIDTH], **hidden}, yaxis={"range": [max(60, math.ceil(top)), 0], **hidden},
        images=images, annotations=words, shapes=marks, margin={"l": 0, "r": 0, "t": 0, "b": 0},
    )  # fmt: skip


def _foot(placed: Sequence[PlacedImage]) -> float:
    return max((each.y + each.height + 14 * bool(each.words) for each in placed), default=0)


def _moved(placed: Sequence[PlacedImage], x: float, y: float) -> Iterator[PlacedImage]:
    return (replace(each, x=each.x + x, y=each.y + y) for each in placed)


def _image(each: PlacedImage) -> dict:
    return {
        "source": each.address, "xref": "x", "yref": "y", "x": each.x, "y": each.y, "sizex": each.width,
        "sizey": each.height, "xanchor": "left", "yanchor": "top", "sizing": "stretch", "layer": "above",
    }  # fmt: skip


def _frame(each: PlacedImage) -> dict:
    return {
        "type": "rect", "xref": "x", "yref": "y", "x0": each.x - 1, "y0": each.y - 1, "x1": each.x + each.width + 1,
        "y1": each.y + each.height + 1, "line": {"color": _style.PALETTE[1], "width": 2},
    }  # fmt: skip


def _words(text: str, x: float, y: float, size: int, anchor: str) -> dict:
    return {
        "text": text, "xref": "x", "yref": "y", "x": x, "y": y, "xanchor": anchor, "yanchor": "top", "yshift": 0,
        "showarrow": False, "font": {"size": size}, "borderpad": 0,
    }  # fmt: skip
