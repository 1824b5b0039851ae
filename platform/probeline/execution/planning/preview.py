"""What a cell's encoder will see, as a picture, before any training: samples and the views that the method makes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from probeline.core.batch import Batch
from probeline.core.dataset import Dataset
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.data.loader import batches
from probeline.data.store import facts, open_dataset
from probeline.errors import BadData, NotApplicable, UserError
from probeline.evaluation._view_grid import view_grid
from probeline.experiment.grid import cells
from probeline.experiment.problems import unknown
from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Cell
from probeline.training.method_building import initial_method, method_class
from probeline.training.seeds import derive

TILE, GAP, LINE = 80, 6, 14
"""Pixels: side of a tile at least, space between tiles, height of a line of text."""

ACROSS = 16
"""Views in one row; more go on below."""


@dataclass(frozen=True)
class CellViews:
    """Pictures. samples: [B, C, H, W], of a modality; views: [V, B, C, h, w]; targets: [V, B] whole numbers, or None.

    `title` says of what.
    """

    title: str
    modality: str
    samples: Tensor
    views: Tensor
    targets: Tensor | None


def write(experiment: Experiment, label: str | None, samples: int, epoch: int, out: Path) -> Path:
    """Draws the first `samples` training samples and their views in `epoch` (from 0) of a cell; returns `out`.

    Without `label`, the first cell whose method makes views. Raises UserError for a label that no cell has, a method
    that makes no views or none that are pictures, and a file that cannot be written.
    """
    if epoch < 0 or samples < 1:
        raise UserError(f"got samples {samples}, epoch {epoch}; allowed: at least 1 sample, epochs from 0")
    picture = draw_sheet(look(experiment, label, samples, epoch))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        picture.save(out, format="PNG")
    except OSError as error:
        raise UserError(f"{out}: {error.strerror or error}") from error
    return out


def look(experiment: Experiment, label: str | None, samples: int, epoch: int) -> CellViews:
    """The views of a cell's first seed, as its training loop makes them."""
    cell = _cell(cells(experiment), label)
    recipe, seed = cell.recipe, experiment.seed_values[0]
    dataset, info = open_dataset(recipe.data.as_dict()), facts(recipe.data.as_dict())
    method = initial_method(recipe, info, seed).train()
    batch = _first(method, dataset, samples, recipe.training.batch_size, derive(seed, "order"), epoch)
    try:
        grid = view_grid(method, batch, SampleRNG(derive(seed, "views"), epoch, batch.index), dataset.info.sample)
    except ValueError as error:
        raise BadData(f"cell {cell.label!r}: {error}") from error
    except NotApplicable as error:
        raise UserError(f"cell {cell.label!r}: {error}") from error
    title = f"{experiment.name}, cell {cell.label}: {recipe.method.name}, seed {seed}, epoch {epoch}"
    return CellViews(title, dataset.info.sample.modality, *grid)


def _first(method: Method, dataset: Dataset, count: int, batch_size: int, seed: int, epoch: int) -> Batch:
    """The first samples of the training split; of a method that draws its batches itself, the first ones it draws."""
    sampler = method.sampler(dataset.train)
    batch = next(
        batches(
            dataset.train,
            count if sampler is None else batch_size,
            seed=seed,
            epoch=epoch,
            device="cpu",
            shuffle=False,
            drop_last=False,
            sampler=sampler,
            window=method.window or dataset.info.window,
            label=method.label,
        )
    )
    return batch[slice(0, count)]


def _cell(all_cells: Sequence[Cell], label: str | None) -> Cell:
    if label is None:
        cell = next((cell for cell in all_cells if method_class(cell.recipe).trains), None)
        if cell is None:
            raise UserError("no cell of this experiment makes views: its methods train nothing")
        return cell
    cell = next((cell for cell in all_cells if cell.label == label), None)
    if cell is None:
        raise UserError(f"--cell {label!r}: {unknown(label, [cell.label for cell in all_cells])}")
    if not method_class(cell.recipe).trains:
        raise UserError(f"cell {label!r}: method {cell.recipe.method.name} makes no views, as it trains nothing")
    return cell


def draw_sheet(view_grid: CellViews) -> Image.Image:
    """A row a sample: its picture, then its views, each with its target below; sides are whole multiples of pixels."""
    font = ImageFont.load_default()
    tiles = [_zoomed(view_grid.samples[0]), _zoomed(view_grid.views[0, 0])]
    wide, side = max(tile.width for tile in tiles), max(tile.height for tile in tiles)
    views, count = view_grid.views.shape[:2]
    across = _across(views)
    lines = -(-views // across)
    step, high = wide + GAP, side + GAP + (LINE if view_grid.targets is not None else 0)
    size = (
        max(step * (1 + across) + GAP, int(font.getlength(view_grid.title)) + 2 * GAP),
        2 * LINE + GAP + high * lines * count,
    )
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP, 2), view_grid.title, "black", font)
    for column, word in enumerate([view_grid.modality, *(f"view {view + 1}" for view in range(across))]):
        pen.text((GAP + column * step, LINE + 2), word, "dimgrey", font)
    for row in range(count):
        top = 2 * LINE + GAP + row * lines * high
        sheet.paste(_zoomed(view_grid.samples[row]), (GAP, top))
        for view in range(views):
            corner = (GAP + (1 + view % across) * step, top + view // across * high)
            sheet.paste(_zoomed(view_grid.views[view, row]), corner)
            if view_grid.targets is not None and view < len(view_grid.targets):
                pen.text((corner[0], corner[1] + side), f"target {int(view_grid.targets[view, row])}", "black", font)
    return sheet


def _across(views: int) -> int:
    """How many views stand in a row: all of a few; a square grid of patches as it is."""
    return math.isqrt(views) if views > ACROSS and math.isqrt(views) ** 2 == views else min(views, ACROSS)


def _zoomed(image: Tensor) -> Image.Image:
    """[C, H, W] in [0, 1] -> RGB, every pixel a square of whole pixels; of other than 3 channels the first 3, or 1."""
    factor = max(1, TILE // max(image.shape[1:]))
    colour = image[: 3 if len(image) >= 3 else 1]
    pixels = colour.clamp(0, 1).mul(255).round().byte().expand(3, -1, -1).permute(1, 2, 0).contiguous()
    picture = Image.fromarray(pixels.numpy())
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
