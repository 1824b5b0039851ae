"""A series as a picture: a pen trajectory as ink on paper, a single column as a curve over time."""

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

SIDE, FINER, MARGIN = 64, 4, 3
"""Pixels of the picture's side; how many times finer it is drawn; pixels left free around the ink."""


def render(values: Tensor) -> Tensor:
    """values: [T, F] without padding -> [1, SIDE, SIDE] in [0, 1], white where there is no ink.

    The first two columns are x, to the right, and y, upwards. A further column that is 0 or its largest value
    everywhere is the pen: a line to a step where it is 0 is not drawn.
    """
    series = values.detach().cpu().double().numpy()
    paper = Image.new("L", (SIDE * FINER, SIDE * FINER), 255)
    if len(series):
        points = _on_paper(_plane(series))
        _draw(ImageDraw.Draw(paper), points, _touching(series))
    small = paper.resize((SIDE, SIDE), Image.Resampling.BOX)
    return torch.from_numpy(np.array(small)).float().div_(255)[None]


def _plane(series: np.ndarray) -> np.ndarray:
    """[T, 2]: the first two columns, or time and the only one."""
    return series[:, :2] if series.shape[1] > 1 else np.column_stack([np.linspace(-1, 1, len(series)), series[:, 0]])


def _on_paper(plane: np.ndarray) -> np.ndarray:
    """[T, 2] in fine pixels: in the middle, as large as fits, a curve over time filling both sides."""
    low, high = plane.min(0), plane.max(0)
    room = (SIDE - 2 * MARGIN) * FINER
    scale = room / max((high - low).max(), 1e-9)
    middle = SIDE * FINER / 2
    return (plane - (low + high) / 2) * (scale, -scale) + middle


def _touching(series: np.ndarray) -> np.ndarray:
    """bool [T]: whether the pen is on the paper on its way to each step; always where no column tells."""
    for column in series.T[2:]:
        largest = column.max()
        if largest > 0 and np.isin(column, (0.0, largest)).all():
            return column > 0
    return np.ones(len(series), dtype=bool)


def _draw(pen: ImageDraw.ImageDraw, points: np.ndarray, touching: np.ndarray) -> None:
    pairs = [(float(x), float(y)) for x, y in points]
    for before, after, inked in zip(pairs, pairs[1:], touching[1:], strict=False):
        if inked:
            pen.line([before, after], fill=0, width=FINER)
    if len(set(pairs)) == 1 or not touching[1:].any():  # dots, which no line shows
        radius = FINER
        for x, y in pairs:
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=0)
