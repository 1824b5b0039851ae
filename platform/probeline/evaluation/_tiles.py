"""Small pictures that a report shows beside each other: tiles in one JPEG file, and what is known of each as JSON.

A JPEG of 240 photographs of 32x32 takes 80 kB, a PNG 530.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFile
from torch import Tensor
from torch.nn import functional as F

from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.data.render import stored_pictures

FORMAT = 1
"""Of the JSON files; a reader refuses another."""
ACROSS = 16
QUALITY = 88
BYTES_PER_PIXEL = 4
"""Room for a picture of pure noise, which takes 2.2: Pillow writes an optimised JPEG from one buffer, or not at all."""


def rows_of(labels: np.ndarray, count: int) -> np.ndarray:
    """`count` rows of [N] labels, as many of each class as can be, in the order of labels; of fewer, all.

    The choice hangs on the labels alone, so every trial on the same data shows the same images.
    """
    order = np.random.default_rng(0).permutation(len(labels))
    place_in_class = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = order[labels[order] == label]
        place_in_class[mine] = np.arange(len(mine))
    chosen = order[np.argsort(place_in_class[order], kind="stable")][:count]
    return chosen[np.argsort(labels[chosen], kind="stable")]


def tiles_of(part: Split, rows: np.ndarray, sample: SampleSpec, side: int) -> Tensor:
    """The pictures of these rows' samples, as `tiles` gives them. Raises NotApplicable where samples have none."""
    return tiles(stored_pictures(part, rows, sample), side)


def tiles(images: Tensor, side: int) -> Tensor:
    """images [N, C, H, W] in [0, 1] -> uint8 [N, h, w, 3], shrunk so that neither side is longer than `side` pixels.

    Grey images become three equal channels; of more than three channels the first three are shown, of two the first.
    """
    shown = images[:, :3] if images.shape[1] >= 3 else images[:, :1].expand(-1, 3, -1, -1)
    longest = max(images.shape[2:])
    if longest > side:
        size = [max(1, round(length * side / longest)) for length in images.shape[2:]]
        shown = F.interpolate(shown, size, mode="bilinear", antialias=True)
    return shown.cpu().mul(255).round().clamp(0, 255).byte().permute(0, 2, 3, 1)


def write_sheet(shown: Tensor, path: Path) -> dict[str, Any]:
    """Writes tiles [N, h, w, 3] in rows of `ACROSS`; returns what a reader needs: file, tile [w, h], across, count."""
    count, height, width, _ = shown.shape
    across = min(ACROSS, count)
    lines = -(-count // across)
    sheet = torch.zeros(lines * across, height, width, 3, dtype=torch.uint8)
    sheet[:count] = shown
    sheet = sheet.unflatten(0, (lines, across)).transpose(1, 2).reshape(lines * height, across * width, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, BYTES_PER_PIXEL * sheet[..., 0].numel())
    Image.fromarray(sheet.numpy()).save(path, quality=QUALITY, subsampling=0, optimize=True)
    return {"file": path.name, "tile": [width, height], "across": across, "count": count}


def write_facts(facts: dict[str, Any], path: Path) -> Path:
    """Writes `facts` with the format's number, as compact JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": FORMAT, **facts}, separators=(",", ":"), allow_nan=False), encoding="utf-8")
    return path


def name_of(label: int, classes: tuple[str, ...]) -> str:
    """A class's name; "" for -1, which is no label."""
    return classes[label] if label >= 0 else ""
