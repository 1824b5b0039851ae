"""A small picture of what a cell learns from: training samples, each beside the views that its method makes of it."""

import io

import numpy as np
from PIL import Image
from torch import Tensor

from probeline.core.sample_spec import SampleSpec
from probeline.data.render import has_picture, stored_pictures
from probeline.data.store import open_dataset
from probeline.errors import NotApplicable, UserError
from probeline.execution.planning.preview import look
from probeline.experiment.grid import cells
from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Cell

SAMPLES, VIEWS, GAP = 2, 3, 3
WIDE, HIGH = 88, 64
"""Pixels of a tile at most."""


def thumbnail(experiment: Experiment, label: str) -> tuple[bytes, str]:
    """(PNG, what it shows) of a cell; (b"", "") for samples that have no picture.

    Raises UserError where the data cannot be read.
    """
    cell = next(cell for cell in cells(experiment) if cell.label == label)
    try:
        shown = look(experiment, label, SAMPLES, 0)
        rows = [[shown.samples[row], *(view[row] for view in shown.views[:VIEWS])] for row in range(len(shown.samples))]
        words = f"Training samples, and views that {cell.recipe.method.name} makes of them"
    except (UserError, NotApplicable):  # a method that makes no views, or none that are pictures
        rows, words = _samples(cell), "Training samples"
    return (_sheet(rows), words) if rows else (b"", "")


def _whole(picture: Tensor) -> Tensor:
    return picture


def _filled(picture: Tensor) -> Tensor:
    """[C, H, W] without the columns on the right that repeat the last one: the padding of a spectrogram."""
    columns = (picture != picture[..., -1:]).any(0).any(0).nonzero()
    return picture[..., : int(columns.max()) + 2] if len(columns) else picture


def _samples(cell: Cell) -> list[list[Tensor]]:
    """Training samples alone, in rows as long as those with views."""
    dataset = open_dataset(cell.recipe.data.as_dict())
    sample: SampleSpec = dataset.info.sample
    if not has_picture(sample):
        return []
    across = VIEWS + 1 if sample.modality == "image" else 1
    pictures = list(stored_pictures(dataset.train, np.arange(SAMPLES * across), sample))
    return [pictures[start : start + across] for start in range(0, len(pictures), across)]


def _sheet(rows: list[list[Tensor]]) -> bytes:
    """PNG of tiles [C, H, W] in [0, 1], a list a row."""
    tiles = [[_tile(tile) for tile in row] for row in rows]
    wide = max(tile.width for row in tiles for tile in row) + GAP
    high = max(tile.height for row in tiles for tile in row) + GAP
    sheet = Image.new("RGB", (wide * max(map(len, tiles)) - GAP, high * len(tiles) - GAP), "white")
    for y, row in enumerate(tiles):
        for x, tile in enumerate(row):
            sheet.paste(tile, (x * wide, y * high))
    content = io.BytesIO()
    sheet.save(content, "PNG", optimize=True)
    return content.getvalue()


def _tile(picture: Tensor) -> Image.Image:
    """Within WIDE x HIGH; of other than 3 channels the first 3, or 1."""
    colour = picture[: 3 if len(picture) >= 3 else 1]
    pixels = colour.clamp(0, 1).mul(255).round().byte().expand(3, -1, -1).permute(1, 2, 0).contiguous()
    image = Image.fromarray(pixels.numpy())
    factor = min(WIDE / image.width, HIGH / image.height)
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)
