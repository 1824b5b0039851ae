"""The images of one or two folders or archives, by split: as folders say, or held out where none does."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from probeline.data.archives import reader
from probeline.data.group_split import divided
from probeline.data.images import class_folders
from probeline.data.images.class_folders import ImageFile, Layout
from probeline.data.source_paths import shown
from probeline.data.split import stratified_order
from probeline.errors import UserError

ImagePath = tuple[Path, ImageFile]  # the folder or archive that holds an image, and the image
FEWEST = 3  # images without a test split: one for each split


@dataclass(frozen=True)
class FolderImages:
    """The images of one folder or archive; passed_over: kind -> count of what is no sample; too_long: names."""

    path: Path
    items: list[ImageFile]
    passed_over: Counter[str]
    too_long: list[str]


def folder_images(path: Path, layout: Layout) -> FolderImages:
    """List a folder or archive. Raises UserError, BadData."""
    listing = reader.listing(path)
    items = class_folders.items(listing.names, shown(path), layout)
    passed_over = listing.skipped + class_folders.passed_over(listing.names)
    repeated = sum(class_folders.is_image(PurePosixPath(name)) for name in listing.names) - len(items)
    if repeated:
        passed_over["names that stand twice, of which the last was read"] = repeated
    samples = {item.name for item in items}
    return FolderImages(path, items, passed_over, [name for name in listing.too_long if name in samples])


def by_split(folders: Sequence[FolderImages], share: float) -> tuple[dict[str, list[ImagePath]], dict[str, str]]:
    """Every image under its split, and where each split is from; `folders`: the first, and a second for testing.

    Raises UserError where there is no training split, or two test splits.
    """
    first, *second = folders
    splits = _grouped(first, unnamed="train")
    if "train" not in splits:
        raise UserError(f"{shown(first.path)}: it has splits ({', '.join(splits)}) but none named train")
    origin = dict.fromkeys(splits, "by the names of folders")
    if len(splits) == 1:
        origin["train"] = "in folders that are not named like splits"
    if second:
        splits["test"], origin["test"] = _of_second(second[0], splits), f"from {shown(second[0].path)}"
    elif "test" not in splits and "validation" in splits:
        splits["test"] = splits.pop("validation")
        origin["test"] = f"{origin.pop('validation')}: validation, as no folder is named test"
    elif "test" not in splits:
        splits["train"], splits["test"] = _held_out(first.path, splits["train"], share)
        origin["test"] = f"held out, {share:.0%} of every class, as no folder is named test; the same for every seed"
    return splits, origin


def by_class(
    folders: Sequence[FolderImages], test: float, validation: float
) -> tuple[dict[str, list[ImagePath]], dict[str, str]]:
    """What `by_split` gives, with whole classes in each split; `test`, `validation`: shares of the classes.

    Raises UserError where folders are splits already, or there are fewer than three classes.
    """
    images = [(folder.path, item) for folder in folders for item in folder.items]
    named = sorted({item.split for _, item in images} - {""})
    if named or any(not item.label for _, item in images):
        came = f"has splits ({', '.join(named)})" if named else "has images in no class folder"
        raise UserError(
            f"{shown(folders[0].path)}: {came}; `split_by: class` divides classes: `splits: none` reads all"
        )
    groups = np.unique([item.label for _, item in images], return_inverse=True)[1]
    rows = divided(groups, test, validation)
    origin = dict.fromkeys(rows, "of other classes than the other splits'; the same for every seed")
    return {part: [images[row] for row in rows[part]] for part in rows}, origin


def _of_second(folder: FolderImages, splits: dict[str, list[ImagePath]]) -> list[ImagePath]:
    tests = _grouped(folder, unnamed="test")
    if "train" in tests or "test" in splits:
        raise UserError(f"{shown(folder.path)}: `test_path` holds test images only, and `path` then holds none")
    return [image for images in tests.values() for image in images]


def _grouped(folder: FolderImages, unnamed: str) -> dict[str, list[ImagePath]]:
    splits: dict[str, list[ImagePath]] = {}
    for item in folder.items:
        splits.setdefault(item.split or unnamed, []).append((folder.path, item))
    return splits


def _held_out(path: Path, images: list[ImagePath], share: float) -> tuple[list[ImagePath], list[ImagePath]]:
    """The images without a stratified share of them, and that share."""
    if len(images) < FEWEST:
        raise UserError(f"{shown(path)}: {len(images)} image(s); at least {FEWEST} are needed, one for each split")
    _, labels = np.unique([item.label for _, item in images], return_inverse=True)
    order = stratified_order(labels)
    training = len(images) - max(1, round(share * len(images)))
    return [images[row] for row in np.sort(order[:training])], [images[row] for row in np.sort(order[training:])]
