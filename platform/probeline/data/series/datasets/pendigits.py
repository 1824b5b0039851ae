"""Pendigits: handwritten digits as 8 points of the pen, 7,494 by 30 writers and 3,498 by 14 others, 10 classes.

F. Alimoglu, E. Alpaydin, "Combining Multiple Representations and Classifiers for Pen-based Handwritten Digit
Recognition", ICDAR 1997; UCI. Not downloaded: the folder of `pendigits.tra` and `pendigits.tes`.
"""

from pathlib import Path
from typing import Literal

import numpy as np

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.data.downloads import DownloadSettings
from probeline.data.local_files import local_source
from probeline.data.read_report import ReadSplits
from probeline.data.series.number_tables import read_numbers

GIVES = {"form": {"series": "series", "vectors": "vector"}}
FILES = {"train": "pendigits.tra", "test": "pendigits.tes"}
POINTS, CLASSES, HALF_BOX = 8, 10, 50.0


class Config(DownloadSettings):
    """The test split is the source's own, of other writers."""

    form: Literal["series", "vectors"] = "series"


def files(config: Config) -> list[Path]:
    """The two tables. Raises UserError."""
    return [local_source("pendigits", (name,), config) for name in FILES.values()]


def read(config: Config) -> ReadSplits:
    """Train and test; x and y from -1 to 1. Raises BadData with the line that is wrong."""
    splits = {part: _split(path, config) for part, path in zip(FILES, files(config), strict=True)}
    return ReadSplits(splits, tuple(map(str, range(CLASSES))))


def _split(path: Path, config: Config) -> Split:
    table = read_numbers(path, 2 * POINTS + 1, last_below=CLASSES)
    values, labels = (table[:, :-1] / HALF_BOX - 1).astype(np.float32), table[:, -1].astype(np.int64)
    if config.form == "vectors":
        return Split(values, labels)
    return Split(Ragged(values.reshape(-1, 2), np.arange(len(table) + 1) * POINTS), labels)
