"""Your own images: a folder, .tar, .tar.gz or .zip of class folders, with train/ and test/ (or val/) parts or without.

Where there is no test/, val/ is the test part; where there is neither, a stratified share is, the same for every seed.
Images in no class folder, all of a part, have no label: methods that need none train on them, and probes say that they
cannot judge.
Grey images stay grey if all are. The stored rotation (EXIF) of a photograph is not applied.
"""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.core.settings import NotHashed
from probeline.data import archives
from probeline.data.images import class_folders
from probeline.data.images.class_folders import ImageFile
from probeline.data.settings import DatasetSettings
from probeline.data.split import stratified_order
from probeline.errors import UserError


class Config(DatasetSettings):
    """Paths stay outside identity: what they hold enters it by content."""

    path: Annotated[str, NotHashed] = Field(min_length=1, description="Folder or archive of class folders.")
    test_path: Annotated[str | None, NotHashed] = Field(None, description="A second one, all of it the test part.")
    size: int | None = Field(
        None,
        ge=4,
        le=1024,
        description="Side in pixels: the shorter side is resized to it, then the centre is cropped.",
    )
    channels: Literal[3] | None = Field(None, description="3 turns grey images to colour.")
    test: float = Field(0.2, gt=0, le=0.5, description="Share of the images for testing where there is no such part.")


def files(config: Config) -> list[Path]:
    """The archives, or every file below the folders."""
    return [file for path in _paths(config) for file in archives.source_files(path)]


def classes(config: Config) -> tuple[str, ...]:
    """The class folders' names, sorted; none where all images lie flat."""
    return _class_names(_parts(config))


def read(config: Config) -> dict[str, Split]:
    """Decoded images; rows by class, then by name. Raises BadData that names all damaged files, UserError on sizes."""
    from probeline.data.images.image_reading import read_images  # PIL, needed only here

    parts = _parts(config)
    places = {place: (part, row) for part, found in parts.items() for row, place in enumerate(found)}
    inputs = read_images({(path, item.name): at for (path, item), at in places.items()}, config.size, config.channels)
    label_of = {"": -1} | {name: label for label, name in enumerate(_class_names(parts))}
    labels = {part: [label_of[item.label] for _, item in found] for part, found in parts.items()}
    return {part: Split(inputs[part], np.array(labels[part], np.int64)) for part in parts}


ImagePath = tuple[Path, ImageFile]  # an image and the folder or archive that holds it


def _paths(config: Config) -> list[Path]:
    return [Path(path).expanduser().absolute() for path in (config.path, config.test_path) if path]


def _class_names(parts: dict[str, list[ImagePath]]) -> tuple[str, ...]:
    return tuple(sorted({item.label for found in parts.values() for _, item in found} - {""}))


def _parts(config: Config) -> dict[str, list[ImagePath]]:
    """Every image under the part that it belongs to. Raises UserError where there is no training part, or two tests."""
    path, *test_path = _paths(config)
    parts = _by_part(path, unnamed="train")
    if "train" not in parts:
        raise UserError(f"{path}: it has parts ({', '.join(parts)}) but none named train")
    if test_path:
        tests = _by_part(test_path[0], unnamed="test")
        if "train" in tests or "test" in parts:
            raise UserError(f"{test_path[0]}: `test_path` holds test images only, and `path` then holds none")
        parts["test"] = [place for found in tests.values() for place in found]
    elif "test" not in parts and "validation" in parts:
        parts["test"] = parts.pop("validation")
    elif "test" not in parts:
        parts["train"], parts["test"] = _held_out(parts["train"], config.test)
    return parts


def _by_part(path: Path, unnamed: str) -> dict[str, list[ImagePath]]:
    parts: dict[str, list[ImagePath]] = {}
    for item in class_folders.items(archives.names(path), str(path)):
        parts.setdefault(item.part or unnamed, []).append((path, item))
    return parts


def _held_out(places: list[ImagePath], share: float) -> tuple[list[ImagePath], list[ImagePath]]:
    """The places without a stratified share of them, and that share."""
    _, labels = np.unique([item.label for _, item in places], return_inverse=True)
    order = stratified_order(labels)
    kept = len(places) - max(1, round(share * len(places)))
    return [places[row] for row in np.sort(order[:kept])], [places[row] for row in np.sort(order[kept:])]
