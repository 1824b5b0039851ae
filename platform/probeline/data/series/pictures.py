"""Pictures of series and vectors: a trajectory as the line that it draws, a vector as bars."""

import numpy as np
from PIL import Image, ImageDraw

SIDE, MARGIN, BAR = 80, 4, 6
"""Pixels: a picture's side, what stays free around a line, the width of a bar at most."""


def trajectory(series: np.ndarray) -> np.ndarray:
    """series: [T, F], x and y first, y upwards -> uint8 [SIDE, SIDE, 1], dark on white; of one value, over time."""
    points = series[:, :2] if series.shape[1] > 1 else np.column_stack([np.arange(len(series)), series[:, 0]])
    low, size = points.min(0), float(np.ptp(points, axis=0).max())
    scale = (SIDE - 2 * MARGIN) / size if size > 0 else 0.0
    at = MARGIN + (points - low) * scale
    at[:, 1] = SIDE - at[:, 1]
    picture = Image.new("L", (SIDE, SIDE), 255)
    pen = ImageDraw.Draw(picture)
    pen.line([(float(x), float(y)) for x, y in at], fill=0, width=1)
    pen.point([(float(x), float(y)) for x, y in at], fill=0)
    return np.asarray(picture)[..., None]


def bars(vector: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """vector: [F] -> uint8 [SIDE, W, 1]: bars from a column's least value to its greatest, [F] each."""
    share = np.divide(vector - low, high - low, out=np.full(len(vector), 0.5), where=high > low).clip(0, 1)
    width = max(1, min(BAR, SIDE // len(vector)))
    heights = np.repeat(np.round(share * SIDE).astype(int), width)
    rows = np.arange(SIDE, 0, -1)[:, None]
    return np.where(rows <= heights, 0, 255).astype(np.uint8)[..., None]
