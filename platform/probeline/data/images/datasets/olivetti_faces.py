"""Olivetti faces (AT&T, ORL): 400 grey photographs of 64x64 pixels, 10 of each of 40 people, by scikit-learn's reader.

F. Samaria, A. Harter, "Parameterisation of a stochastic model for human face identification", WACV 1994. The original
92x112 PGM files are read by `image_folder` with `split_by: class`.
"""

from pathlib import Path
from typing import Literal

import numpy as np

from probeline.core.dataset import Split
from probeline.data import downloads
from probeline.data.downloads import DownloadSettings
from probeline.data.group_split import by_group
from probeline.data.read_report import ReadSplits
from probeline.data.settings import GroupSplitSettings
from probeline.data.source_paths import reason
from probeline.data.split import hold_out
from probeline.errors import BadData

FILE = "olivetti_py3.pkz"


class Config(DownloadSettings, GroupSplitSettings):
    """`path`: scikit-learn's `data_home`; its file is a pickle, so it is to be one that you trust."""

    split_by: Literal["class", "none"] = "class"


def files(config: Config) -> list[Path]:
    """scikit-learn's file, downloaded if absent. Raises UserError."""
    path = downloads.folder(config, "olivetti_faces", [FILE]) / FILE
    if not path.exists():
        downloads.fetch("olivetti_faces", path.parent, [path], lambda: _faces(path.parent))
    return [path]


def read(config: Config) -> ReadSplits:
    """People one after the other, or as they are divided. Raises BadData for a damaged file."""
    images, people = _faces(files(config)[0].parent)
    whole = Split(np.round(images * 255).astype(np.uint8)[..., None], people.astype(np.int64))
    names = tuple(f"person {number}" for number in range(1, int(people.max()) + 2))
    if config.split_by == "class":
        return ReadSplits(by_group(whole, whole.labels, config.test, config.validation), names)
    train, test = hold_out(whole, config.test)
    return ReadSplits({"train": train, "test": test}, names)


def _faces(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """float32 [N, 64, 64] from 0 to 1, and int [N]."""
    from sklearn.datasets import fetch_olivetti_faces

    try:
        faces = fetch_olivetti_faces(data_home=folder)
    except (ValueError, EOFError, KeyError) as error:
        raise BadData(f"{folder / FILE}: damaged ({reason(error)}); remove it to download it again") from error
    return faces.images, faces.target
