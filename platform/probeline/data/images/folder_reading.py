"""Folders of images to arrays, labels and a report of what was read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from probeline.core.dataset import Split
from probeline.data import cache
from probeline.data.archives.listing import MAX_BYTES
from probeline.data.damaged import Damaged, refuse_damaged
from probeline.data.images.decode import Decoding
from probeline.data.images.image_reading import ImageTally, read_images
from probeline.data.images.image_splits import FolderImages, ImagePath
from probeline.data.pair_files import with_pairs
from probeline.data.read_report import LISTED, ReadReport, ReadSplits
from probeline.data.source_paths import shown
from probeline.errors import UserError

NAMED = 3  # classes that a remark names


Division = Callable[[Sequence[FolderImages]], tuple[dict[str, list[ImagePath]], dict[str, str]]]
"""`by_split` or `by_class` with its shares: the images of each split, and where each split is from."""


def read_folders(
    folders: Sequence[FolderImages], divide: Division, how: Decoding, damaged: Damaged, pairs: Path | None = None
) -> ReadSplits:
    """Decode every image. pairs: a file of lines `a,b,same`. Raises BadData that names damaged files, UserError."""
    splits, origin = divide(folders)
    images = {
        (path, item.name): (split, row) for split, paths in splits.items() for row, (path, item) in enumerate(paths)
    }
    if damaged.then == "error":  # what an archive's own list tells need not wait until the rest is decoded
        too_long = [shown(f"{folder.path}/{name}") for folder in folders for name in folder.too_long]
        refuse_damaged([f"{name}: longer than {MAX_BYTES:,} bytes" for name in too_long], len(images), damaged)
    arrays, tally = read_images(images, how, damaged, cache.root() / "datasets" / "decoding")
    labels = {split: _labels(paths, arrays.present(split)) for split, paths in splits.items()}
    classes = tuple(sorted({item.label for paths in splits.values() for _, item in paths} - {""}))
    _refuse_emptied(splits, labels)
    report = _report(folders, labels, tally)
    report.origin = origin
    report.remarks = [*_class_remarks(labels), *tally.remarks(how)]
    numbers = {"": -1} | {name: number for number, name in enumerate(classes)}
    targets = {split: np.array([numbers[name] for name in names], np.int64) for split, names in labels.items()}
    pixels = arrays.whole()
    read = {split: Split(pixels[split], targets[split]) for split in splits}
    if pairs is not None:
        names = {split: _present([item.name for _, item in splits[split]], arrays.present(split)) for split in splits}
        read = with_pairs(read, names, pairs)
    return ReadSplits(read, classes, report)


def _labels(paths: Sequence[ImagePath], present: np.ndarray) -> list[str]:
    """The classes of the images that were read."""
    return _present([item.label for _, item in paths], present)


def _present(names: Sequence[str], present: np.ndarray) -> list[str]:
    return [name for name, read in zip(names, present, strict=True) if read]


def _refuse_emptied(splits: Mapping[str, Sequence[ImagePath]], labels: Mapping[str, Sequence[str]]) -> None:
    """Raises UserError where skipping took every image of a split or of a class in it."""
    for split, paths in splits.items():
        for label in sorted({item.label for _, item in paths} - set(labels[split])):
            raise UserError(f"{split}: no image of class {shown(label)!r} can be read; mend them or remove the class")


def _report(folders: Sequence[FolderImages], labels: Mapping[str, Sequence[str]], tally: ImageTally) -> ReadReport:
    return ReadReport(
        paths=[str(folder.path) for folder in folders],
        images=sum(map(len, labels.values())),
        splits={split: dict(sorted(Counter(names).items())) for split, names in labels.items()},
        sizes=tally.sizes,
        modes=tally.modes,
        passed_over=sum((folder.passed_over for folder in folders), Counter()),
        damaged=sorted(tally.damaged)[:LISTED],
        damaged_count=len(tally.damaged),
    )


def _class_remarks(labels: Mapping[str, Sequence[str]]) -> list[str]:
    """What is unusual about the classes."""
    classes = {split: set(names) - {""} for split, names in labels.items()}
    remarks = []
    nested = sorted(name for name in set().union(*classes.values()) if "/" in name)
    if nested:
        first, last = len({name.split("/")[0] for name in nested}), len({name.rsplit("/")[-1] for name in nested})
        remarks.append(
            f"classes are paths of nested folders, such as {_named(nested)}: `class_folder: first` makes {first} of "
            f"these {len(nested)}, `class_folder: last` {last}"
        )
    unseen = sorted(classes.get("test", set()) - classes["train"])
    if classes["train"] and unseen:
        remarks.append(f"{len(unseen)} classes are in test and not in train: {_named(unseen)}")
    return remarks


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(shown, names[:NAMED])) + more
