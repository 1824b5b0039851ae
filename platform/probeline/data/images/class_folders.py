"""Which part and which class an image belongs to, from its path alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from probeline.errors import UserError

EXTENSIONS = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".pbm", ".pgm", ".ppm", ".pnm", ".tif", ".tiff"}
PARTS = {"train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation"}
PARTS |= {"test": "test", "testing": "test"}


@dataclass(frozen=True, order=True)
class ImageFile:
    """One image: its part (`train`, `validation`, `test` or, where folders do not say, ``""``), class and name.

    The class is ``""`` where no image of its part lies in a class folder: they have no labels.
    """

    part: str
    label: str
    name: str


def items(names: Iterable[str], where: str) -> list[ImageFile]:
    """Images as items, sorted; files without an image's extension and hidden ones are no samples.

    Folders named train, val or test are parts where all images share what stands before them; the folders below are
    the class. Else the folders below the common ones are. A part without any class folder is unlabelled. Raises
    UserError, naming `where`, for an image outside the class folders that others of its part are in.
    """
    stored = {path: name for name in names if _is_image(path := PurePosixPath(name))}
    paths = list(stored)
    if not paths:
        raise UserError(f"{where}: holds no images ({', '.join(sorted(EXTENSIONS))})")
    folders = [path.parts[:-1] for path in paths]
    shared = _shared(folders)
    depth = len(shared)
    if all(len(folder) > depth and folder[depth].lower() in PARTS for folder in folders):
        marks = [depth] * len(paths)
    else:
        within = next((at for at in reversed(range(depth)) if shared[at].lower() in PARTS), None)
        marks = [within] * len(paths)
        # A single class alone: its folder is shared by all and is still the class.
        depth = depth - 1 if set(folders) == {shared} else depth
    found = [_item(path, mark, depth) for path, mark in zip(paths, marks, strict=True)]
    classed = {item.part for item in found if item.label}
    stray = min((item.name for item in found if not item.label and item.part in classed), default=None)
    if stray is not None:
        raise UserError(f"{where}: {stray} lies outside a class folder; each image needs the path <class>/<image>")
    return sorted(replace(item, name=stored[PurePosixPath(item.name)]) for item in found)


def _shared(folders: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The folders that all paths begin with: those that the first and the last in order have in common."""
    low, high = min(folders), max(folders)
    same = (number for number, (a, b) in enumerate(zip(low, high, strict=False)) if a != b)
    return low[: next(same, min(len(low), len(high)))]


def _item(path: PurePosixPath, mark: int | None, depth: int) -> ImageFile:
    start = max(depth, 0) if mark is None else mark + 1
    label = "/".join(path.parts[start:-1])
    return ImageFile("" if mark is None else PARTS[path.parts[mark].lower()], label, str(path))


def _is_image(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in path.parts)
    return path.suffix.lower() in EXTENSIONS and not hidden
