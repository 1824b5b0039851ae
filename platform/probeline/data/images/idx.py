"""MNIST's idx files, plain or gzipped, wherever a folder holds them: by themselves or as torchvision lays them out."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from probeline.core.dataset import Split
from probeline.data import downloads
from probeline.errors import BadData, UserError

NAMES = {
    part: (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    for part, prefix in (("train", "train"), ("test", "t10k"))
}
UNSIGNED_BYTE = 8


def files(dataset: str, config: downloads.DownloadSettings) -> list[Path]:
    """The four files; `dataset` is torchvision's class, which downloads them if absent. Raises UserError."""
    root = downloads.folder(config)
    places = [root, root / dataset / "raw"]
    found = {name: _find(name, places) for names in NAMES.values() for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        downloads.fetch(dataset, root, [root / f"{name}.gz" for name in missing], lambda: _download(dataset, root))
        found = {name: _find(name, places) for name in found}
    lacking = [name for name, path in found.items() if path is None]
    if lacking:
        raise UserError(f"data set {dataset}: {root} lacks {', '.join(lacking)} after a download; try again")
    return list(found.values())


def read(dataset: str, config: downloads.DownloadSettings) -> dict[str, Split]:
    """Both parts. Raises BadData, which names every damaged file."""
    arrays, bad = {}, []
    for path in files(dataset, config):
        try:
            arrays[path.name.removesuffix(".gz")] = read_array(path)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            bad.append(f"  {path}: {error}")
    parts = {}
    for part, (images, labels) in NAMES.items():
        if images in arrays and labels in arrays:
            if len(arrays[images]) != len(arrays[labels]) or arrays[images].ndim != 3:
                bad.append(f"  {images} {arrays[images].shape} and {labels} {arrays[labels].shape} do not match")
                continue
            parts[part] = Split(arrays[images][..., None], arrays[labels].astype(np.int64))
    if bad:
        raise BadData(f"data set {dataset}: damaged files; remove them to download them again:\n" + "\n".join(bad))
    return parts


def read_array(path: Path) -> np.ndarray:
    """An idx file of unsigned bytes. Raises ValueError with the reason where it is not one, or is cut short."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(content) < 4 or content[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise ValueError("not an idx file of unsigned bytes")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    expected = int(np.prod(shape, dtype=object))
    if len(content) - start != expected:
        raise ValueError(f"{len(content) - start} bytes of data; its header {shape} says {expected}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _find(name: str, places: list[Path]) -> Path | None:
    candidates = (place / f"{name}{suffix}" for place in places for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _download(dataset: str, root: Path) -> None:
    import torchvision.datasets  # slow to import, needed only to download

    getattr(torchvision.datasets, dataset)(root, download=True)
