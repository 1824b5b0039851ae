"""MNIST's idx files, plain or gzipped, wherever a folder holds them: by themselves or as torchvision lays them out."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from probeline.core.dataset import Split
from probeline.data import downloads
from probeline.errors import BadData, UserError

NAMES = {
    split: (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    for split, prefix in (("train", "train"), ("test", "t10k"))
}
FILES = [f"{name}{suffix}" for pair in NAMES.values() for name in pair for suffix in ("", ".gz")]
CLASSES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
UNSIGNED_BYTE = 8
MAX_BYTES = 2**31  # of one file, unpacked; MNIST's largest has 47 million


def files(dataset: str, config: downloads.DownloadSettings) -> list[Path]:
    """The four files; torchvision downloads them if absent. Raises UserError."""
    root = downloads.folder(config, dataset, FILES)
    folders = [root, root / CLASSES[dataset] / "raw"]
    names = [name for pair in NAMES.values() for name in pair]
    missing = [name for name in names if _find(name, folders) is None]
    if missing:
        downloads.fetch(dataset, root, [root / f"{name}.gz" for name in missing], lambda: _download(dataset, root))
    paths = {name: _find(name, folders) for name in names}
    lacking = [name for name, path in paths.items() if path is None]
    if lacking:
        raise UserError(f"data set {dataset}: {root} lacks {', '.join(lacking)} after a download; try again")
    return [path for path in paths.values() if path is not None]


def read(dataset: str, config: downloads.DownloadSettings) -> dict[str, Split]:
    """Both splits. Raises BadData, which names every damaged file."""
    arrays, bad = {}, []
    for path in files(dataset, config):
        try:
            arrays[path.name.removesuffix(".gz")] = read_array(path)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            bad.append(f"  {path}: {error}")
    splits = {}
    for split, (images, labels) in NAMES.items():
        if images in arrays and labels in arrays:
            if len(arrays[images]) != len(arrays[labels]) or arrays[images].ndim != 3:
                bad.append(f"  {images} {arrays[images].shape} and {labels} {arrays[labels].shape} do not match")
                continue
            splits[split] = Split(arrays[images][..., None], arrays[labels].astype(np.int64))
    if bad:
        raise BadData(f"data set {dataset}: damaged files; remove them to download them again:\n" + "\n".join(bad))
    return splits


def read_array(path: Path) -> np.ndarray:
    """An idx file of unsigned bytes, gzipped or not.

    Raises ValueError with the reason where it is not one, or holds less or more than its header says.
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        start = file.read(4)
        if len(start) < 4 or start[:3] != bytes([0, 0, UNSIGNED_BYTE]):
            raise ValueError("not an idx file of unsigned bytes")
        sides = file.read(4 * start[3])
        shape = tuple(int.from_bytes(sides[at : at + 4], "big") for at in range(0, len(sides), 4))
        expected = math.prod(shape)
        if expected > MAX_BYTES:
            raise ValueError(f"its header {shape} says {expected:,} bytes; at most {MAX_BYTES:,} are read")
        content = file.read(expected + 1)
    if len(content) != expected or len(shape) != start[3]:
        came = "more" if len(content) > expected else f"{len(content):,}"
        raise ValueError(f"{came} bytes of data; its header {shape} says {expected:,}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _find(name: str, folders: list[Path]) -> Path | None:
    candidates = (folder / f"{name}{suffix}" for folder in folders for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _download(dataset: str, root: Path) -> None:
    import torchvision.datasets  # slow to import, needed only to download

    getattr(torchvision.datasets, CLASSES[dataset])(root, download=True)
