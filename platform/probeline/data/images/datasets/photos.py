"""32x32 colour crops of the ten photographs that scikit-image and scikit-learn ship; label = photograph.

Every photograph is cut into square blocks, and each block belongs to train, validation or test alone: a crop lies
inside one block, so no pixel is shared between splits. Blocks with little contrast (the black around the retina, the
sky of the rocket) are left out, and so are flat crops: nothing in them tells the photographs apart. No download.
"""

import zlib
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.data.packages import package_file
from probeline.data.settings import DatasetSettings

PHOTOGRAPHS = {
    "skimage/data": "astronaut.png chelsea.png coffee.png hubble_deep_field.jpg ihc.png motorcycle_left.png retina.jpg "
    "rocket.jpg",
    "sklearn/datasets/images": "china.jpg flower.jpg",
}
LUMA = np.array([299, 587, 114])  # thousandths
FLAT = 6  # standard deviation of the luma, of 255, under which a block or a crop is left out
SHARES = {"test": 0.2, "validation": 0.15}  # of a photograph's blocks; the rest is the training split's


class Config(DatasetSettings):
    """A split's crops lie at random positions, at one to two times their size, drawn once with a fixed seed."""

    size: int = Field(32, ge=8, le=64, description="Side of a crop in pixels.")
    train_crops: int = Field(300, ge=1, description="Training crops of each photograph.")
    test_crops: int = Field(100, ge=1, description="Test crops, and as many validation crops, of each photograph.")


def files(config: Config) -> list[Path]:
    """The photographs inside the two packages, located without importing them."""
    paths: list[Path] = []
    for folder, names in PHOTOGRAPHS.items():
        package, _, below = folder.partition("/")
        paths += [package_file(package).parent / below / name for name in names.split()]
    return paths


def classes(config: Config) -> tuple[str, ...]:
    """The photographs' names."""
    return tuple(path.stem for path in files(config))


def read(config: Config) -> dict[str, Split]:
    """Crops of every split, photograph after photograph."""
    from probeline.data.images.decode import read_picture, resized  # PIL, needed only here

    count = {"train": config.train_crops, "validation": config.test_crops, "test": config.test_crops}
    inputs: dict[str, list[np.ndarray]] = {split: [] for split in count}
    for path in files(config):
        photograph = read_picture(path.read_bytes()).pixels
        for split, corners in blocks(photograph, config.size, random_for(path, "blocks")).items():
            boxes = crop_boxes(photograph, corners, config.size, random_for(path, split))
            crops = (photograph[rows, columns] for rows, columns in islice(boxes, count[split]))
            inputs[split].append(np.stack([resized(crop, config.size) for crop in crops]))
    return {split: _labelled(photographs) for split, photographs in inputs.items()}


def random_for(path: Path, purpose: str) -> np.random.Generator:
    """A generator that depends on the photograph's name and the purpose alone."""
    return np.random.Generator(np.random.PCG64(zlib.crc32(f"{path.stem} {purpose}".encode())))


def blocks(photograph: np.ndarray, size: int, random: np.random.Generator) -> dict[str, list[tuple[int, int]]]:
    """Top left corners of the square blocks, of side 2 `size`, of every split."""
    side = 2 * size
    height, width = photograph.shape[:2]
    grid = product(range(0, height - side + 1, side), range(0, width - side + 1, side))
    corners = [(y, x) for y, x in grid if not _flat(photograph[y : y + side, x : x + side])]
    corners = [corners[number] for number in np.argsort(random.random(len(corners)))]
    splits = {}
    for split, share in SHARES.items():
        count = max(1, round(share * len(corners)))
        splits[split], corners = corners[:count], corners[count:]
    return {"train": corners, **splits}


def crop_boxes(
    photograph: np.ndarray, corners: list[tuple[int, int]], size: int, random: np.random.Generator
) -> Iterator[tuple[slice, slice]]:
    """Endless random squares, one to two times `size` wide, each in one of the blocks at `corners`; none is flat."""
    while True:
        block, wider, down, across = random.random(4)
        y, x = corners[int(block * len(corners))]
        side = size + int(wider * (size + 1))
        room = 2 * size - side + 1
        y, x = y + int(down * room), x + int(across * room)
        rows, columns = slice(y, y + side), slice(x, x + side)
        if not _flat(photograph[rows, columns]):
            yield rows, columns


def _flat(pixels: np.ndarray) -> bool:
    """In whole numbers, so that every machine leaves out the same crops."""
    luma = pixels.astype(np.int64) @ LUMA
    count, total, squares = luma.size, int(luma.sum()), int((luma * luma).sum())
    return count * squares - total * total < (FLAT * 1000 * count) ** 2


def _labelled(photographs: list[np.ndarray]) -> Split:
    labels = np.repeat(np.arange(len(photographs)), [len(crops) for crops in photographs])
    return Split(np.concatenate(photographs), labels.astype(np.int64))
