"""Folders of pets as a data set: ten random images of two classes each, packed where asked."""

import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RANDOM = np.random.default_rng(0)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(name="folder")
def pets(tmp_path) -> Path:
    """Two classes of ten images, 8x8."""
    for number in range(20):
        name = f"{'cat' if number % 2 else 'dog'}/{number}.png"
        save(tmp_path / "pets" / name, RANDOM.integers(0, 256, (8, 8, 3), np.uint8))
    return tmp_path / "pets"


def component(path: Path, **parameters) -> dict:
    return {"name": "image_folder", "path": str(path), **parameters}


def packed(folder: Path, kind: str) -> Path:
    """The folder as an archive, its files in reverse order."""
    names = sorted(folder.rglob("*.png"), reverse=True)
    path = folder.with_name(f"pets.{kind}")
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.write(name, name.relative_to(folder.parent))
        return path
    with tarfile.open(path, "w:gz" if kind == "tar.gz" else "w") as archive:
        for name in names:
            archive.add(name, name.relative_to(folder.parent))
    return path
