"""Which split and which class an image belongs to, from its path alone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from probeline.data.source_paths import shown
from probeline.data.split_folders import split_depth, split_of
from probeline.errors import UserError

EXTENSIONS = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".gif", ".webp", ".avif", ".tif", ".tiff"}
EXTENSIONS |= {".pbm", ".pgm", ".ppm", ".pnm"}
UNREAD = {".heic": "HEIC", ".heif": "HEIC", ".hif": "HEIC", ".jxl": "JPEG XL", ".dcm": "DICOM"}
"""Formats of samples that are not read: named as damaged rather than passed over, as a class may consist of them."""


@dataclass(frozen=True)
class Layout:
    """How folders are read. splits: by their names, or none; class_folder: which of nested folders is the class."""

    splits: Literal["by_name", "none"] = "by_name"
    class_folder: Literal["path", "first", "last"] = "path"


@dataclass(frozen=True, order=True)
class ImageFile:
    """One image: its split (`train`, `validation`, `test` or, where folders do not say, ``""``), class and name.

    The class is ``""`` where no image of its split lies in a class folder: they have no labels.
    """

    split: str
    label: str
    name: str


def items(names: Iterable[str], where: str, layout: Layout | None = None) -> list[ImageFile]:
    """Images as items, sorted; files without an image's extension and hidden ones are no samples.

    Folders named train, val or test are splits where all images share what stands before them; the folders below are
    the class. Else the folders below the common ones are. A split without any class folder is unlabelled. Raises
    UserError, naming `where`, for an image outside the class folders that others of its split are in, and for folders
    of which only some are named like splits.
    """
    layout = layout or Layout()
    stored = {path: name for name in names if is_image(path := PurePosixPath(name))}
    paths = list(stored)
    if not paths:
        raise UserError(f"{where}: holds no images ({', '.join(sorted(EXTENSIONS))})")
    folders = [path.parts[:-1] for path in paths]
    shared = _shared(folders)
    mark = split_depth(folders, len(shared), where) if layout.splits == "by_name" else None
    # A single class alone: its folder is shared by all and is still the class.
    depth = len(shared) - 1 if set(folders) == {shared} else len(shared)
    images = [_item(path, mark, depth, layout) for path in paths]
    _refuse_strays(images, where)
    return sorted(replace(item, name=stored[PurePosixPath(item.name)]) for item in images)


def is_image(path: PurePosixPath) -> bool:
    """Whether a file is a sample, by its name."""
    return path.suffix.lower() in EXTENSIONS | UNREAD.keys() and not _is_hidden(path)


def passed_over(names: Iterable[str]) -> Counter[str]:
    """How many files are no samples, by extension; hidden ones together."""
    others = [path for name in names if not is_image(path := PurePosixPath(name))]
    return Counter(
        "hidden files" if _is_hidden(path) else f"{path.suffix.lower() or 'no extension'}" for path in others
    )


def _refuse_strays(images: Sequence[ImageFile], where: str) -> None:
    classed = {item.split for item in images if item.label}
    stray = min((item.name for item in images if not item.label and item.split in classed), default=None)
    if stray is not None:
        raise UserError(
            f"{where}: {shown(stray)} lies outside a class folder; each image needs the path <class>/<image>"
        )


def _shared(folders: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The folders that all paths begin with: those that the first and the last in order have in common."""
    low, high = min(folders), max(folders)
    same = (number for number, (a, b) in enumerate(zip(low, high, strict=False)) if a != b)
    return low[: next(same, min(len(low), len(high)))]


def _item(path: PurePosixPath, mark: int | None, depth: int, layout: Layout) -> ImageFile:
    nested = path.parts[max(depth, 0) if mark is None else mark + 1 : -1]
    chosen = {"path": nested, "first": nested[:1], "last": nested[-1:]}[layout.class_folder]
    split = "" if mark is None else split_of(path.parts[mark]) or ""
    return ImageFile(split, "/".join(chosen), str(path))


def _is_hidden(path: PurePosixPath) -> bool:
    return any(name.startswith((".", "__MACOSX")) and name not in (".", "..") for name in path.parts)
