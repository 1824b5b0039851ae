"""Labeled Faces in the Wild: 13,233 photographs of 5,749 people from the news, by scikit-learn's reader.

G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, "Labeled Faces in the Wild", UMass Amherst TR 07-49, 2007.
`form: people` has labels, for those with enough photographs; `form: pairs` is view 1: the list `pairs` for training
(pairsDevTrain; a share of them for validation) and, of other people, for testing (pairsDevTest).
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.core.lists import PairList
from probeline.data import downloads
from probeline.data.archives import reader
from probeline.data.downloads import DownloadSettings
from probeline.data.group_split import by_group
from probeline.data.read_report import ReadSplits
from probeline.data.settings import GroupSplitSettings
from probeline.data.source_paths import reason
from probeline.data.split import SPLIT_SEED, hold_out
from probeline.errors import BadData, UserError

LABELS = {"form": {"people": ("class",), "pairs": ()}}
LISTS = {"form": {"people": (), "pairs": ("pairs",)}}
FOLDER, TEXTS = "lfw_home", ("pairsDevTrain.txt", "pairsDevTest.txt", "pairs.txt")


class Config(DownloadSettings, GroupSplitSettings):
    """`path`: scikit-learn's `data_home`. Faces are cropped as it does; `split_by` is of `form: people` alone."""

    form: Literal["people", "pairs"] = "people"
    split_by: Literal["class", "none"] = "class"
    min_faces: int = Field(10, ge=2, description="Photographs that a person needs, with `form: people`.")
    resize: float = Field(0.5, gt=0, le=1, description="Scale of the crop of 125x94 pixels.")
    color: bool = False


def files(config: Config) -> list[Path]:
    """The lists of pairs and all photographs, downloaded if absent. Raises UserError."""
    root = downloads.folder(config, "lfw", [FOLDER])
    photographs = root / FOLDER / "lfw_funneled"
    wanted = [photographs, *(root / FOLDER / name for name in TEXTS)]
    missing = [path for path in wanted if not path.exists()]
    if missing:
        downloads.fetch("lfw", root, missing, lambda: _fetched("people", "train", config))
    return [*wanted[1:], *reader.source_files(photographs)]


def read(config: Config) -> ReadSplits:
    """Photographs by person, or the two of every pair one after the other. Raises BadData, UserError."""
    if config.form == "pairs":
        training, test = (_pairs(_fetched("pairs", split, config)) for split in ("train", "test"))
        train, validation = _divided(training, config.validation)
        return ReadSplits({"train": train, "validation": validation, "test": test}, ())
    people = _fetched("people", "", config)
    whole = Split(_pixels(people.images), people.target.astype(np.int64))
    names = tuple(map(str, people.target_names))
    if config.split_by == "class":
        return ReadSplits(by_group(whole, whole.labels, config.test, config.validation), names)
    train, test = hold_out(whole, config.test)
    return ReadSplits({"train": train, "test": test}, names)


def _pairs(read: Any) -> Split:
    """`pairs` [P, 2, H, W] or [P, 2, H, W, 3], `target` [P]: sample 2p is the first of pair p, 2p + 1 the second."""
    count = len(read.target)
    first = np.arange(count, dtype=np.int64) * 2
    listed = PairList(first, first + 1, read.target.astype(bool))
    pixels = _pixels(read.pairs.reshape(2 * count, *read.pairs.shape[2:]))
    return Split(pixels, np.full(2 * count, -1), lists={"pairs": listed})


def _divided(split: Split, share: float) -> tuple[Split, Split]:
    """The split without a share of its pairs, and these: at least one on each side."""
    count = len(split) // 2
    order = np.random.Generator(np.random.PCG64(SPLIT_SEED)).permutation(count)
    held = np.isin(np.arange(len(split)) // 2, order[: min(max(1, round(share * count)), count - 1)])
    return split[np.flatnonzero(~held)], split[np.flatnonzero(held)]


def _pixels(images: np.ndarray) -> np.ndarray:
    """float32 [N, H, W] or [N, H, W, 3] from 0 to 1 -> uint8 [N, H, W, C]."""
    return np.round((images[..., None] if images.ndim == 3 else images) * 255).astype(np.uint8)


def _fetched(form: str, subset: str, config: Config) -> Any:
    """What scikit-learn reads. Raises BadData where its files are damaged, UserError where nobody has enough faces."""
    from sklearn.datasets import fetch_lfw_pairs, fetch_lfw_people

    root = downloads.folder(config, "lfw", [FOLDER])
    try:
        if form == "pairs":
            return fetch_lfw_pairs(subset=subset, data_home=root, resize=config.resize, color=config.color)
        least = config.min_faces
        return fetch_lfw_people(data_home=root, min_faces_per_person=least, resize=config.resize, color=config.color)
    except (ValueError, IndexError, KeyError, RuntimeError) as error:
        if "min_faces_per_person" in str(error):
            raise UserError(
                f"data set lfw: nobody has {config.min_faces} photographs; set a lower min_faces"
            ) from error
        raise BadData(f"{root / FOLDER}: damaged ({reason(error)}); remove it to download it again") from error
