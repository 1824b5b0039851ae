"""A contact sheet: a few samples of every class, as they were read, in one picture."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from probeline.core.dataset import Dataset, Split
from probeline.core.sample_spec import SampleSpec
from probeline.data.render import has_picture, stored_pictures
from probeline.data.source_paths import reason, shown
from probeline.errors import UserError

TILE, GAP, LINE, LABEL = 80, 4, 14, 170
"""Pixels: the longer side of a tile at most, space between tiles, height of a line of text, width of the labels."""

MAX_CLASSES = 30  # rows; of more classes, evenly spread ones
COLUMNS = {"train": 7, "test": 4}  # samples of a class

Tiles = list[Image.Image]


def write(dataset: Dataset, title: str, path: Path) -> Path:
    """Draw the sheet into a PNG file. Raises UserError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet(dataset, title).save(path, format="PNG")
    except OSError as error:
        raise UserError(f"{shown(path)}: cannot be written: {reason(error)}") from error
    return path


def sheet(dataset: Dataset, title: str) -> Image.Image:
    """A row a class, training samples on the left and test samples on the right. Raises UserError without pictures."""
    sample = dataset.info.sample
    if not has_picture(sample):
        raise UserError(f"samples of the kind {sample.modality} have no picture, so there is no sheet")
    present = np.unique(np.concatenate([dataset.train.labels, dataset.test.labels]))
    numbers = _spread(present)
    title += f", {len(numbers)} of {len(present)} classes" if len(numbers) < len(present) else ""
    tiles = {
        split: [_tiles(getattr(dataset, split), number, count, sample) for number in numbers]
        for split, count in COLUMNS.items()
    }
    wide, high = _largest(tiles.values())
    columns = {"train": LABEL, "test": LABEL + COLUMNS["train"] * (wide + GAP) + 3 * GAP}
    font = ImageFont.load_default()
    width = max(columns["test"] + COLUMNS["test"] * (wide + GAP), int(font.getlength(title)) + 2 * GAP)
    image = Image.new("RGB", (width, 3 * LINE + (max(high, 2 * LINE) + GAP) * len(numbers)), "white")
    pen = ImageDraw.Draw(image)
    pen.text((GAP, GAP), title, "black", font)
    for split, column in columns.items():
        count = f"{len(getattr(dataset, split)):,} {'images' if sample.modality == 'image' else 'samples'}"
        pen.text((column, LINE + GAP), f"{split}: {count}", "dimgrey", font)
    for row, number in enumerate(numbers):
        top = 3 * LINE + row * (max(high, 2 * LINE) + GAP)
        pen.multiline_text((GAP, top), _label(dataset, number), "black", font, spacing=1)
        for split, column in columns.items():
            for at, tile in enumerate(tiles[split][row]):
                image.paste(tile, (column + at * (wide + GAP), top))
    return image


def _label(dataset: Dataset, number: int) -> str:
    """The class, and its samples in train and test."""
    name = shown(dataset.classes[number]) if number >= 0 else "no label"
    counts = (int((getattr(dataset, split).labels == number).sum()) for split in COLUMNS)
    return f"{name[:26]}\n{' + '.join(f'{count:,}' for count in counts)}"


def _spread(numbers: np.ndarray) -> list[int]:
    chosen = np.linspace(0, len(numbers) - 1, min(len(numbers), MAX_CLASSES)).round().astype(int)
    return numbers[chosen].tolist()


def _tiles(split: Split, number: int, count: int, sample: SampleSpec) -> Tiles:
    """The first samples of a class: a split's rows are stored in an order that mixes them."""
    rows = np.flatnonzero(split.labels == number)[:count]
    pictures = [_rgb(each) for each in stored_pictures(split, rows, sample)] if len(rows) else []
    return [_zoomed(each) for each in pictures] if sample.modality == "image" else pictures


def _largest(splits: Iterable[list[Tiles]]) -> tuple[int, int]:
    sizes = [tile.size for rows in splits for tiles in rows for tile in tiles]
    return max((width for width, _ in sizes), default=TILE), max((height for _, height in sizes), default=TILE)


def _rgb(picture: Tensor) -> Image.Image:
    """picture: [C, H, W] in [0, 1]; of C > 3 the first 3, of 2 the first."""
    colour = picture[:3] if len(picture) >= 3 else picture[:1].expand(3, -1, -1)
    return Image.fromarray(colour.mul(255).round().byte().permute(1, 2, 0).contiguous().numpy())


def _zoomed(image: Image.Image) -> Image.Image:
    """A small image in whole multiples of its pixels, a large one shrunk."""
    longer = max(image.size)
    if longer > TILE:
        return image.resize([max(1, side * TILE // longer) for side in image.size], Image.Resampling.BILINEAR)
    return image.resize([side * (TILE // longer) for side in image.size], Image.Resampling.NEAREST)
