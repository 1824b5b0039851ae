"""Kuzushiji-MNIST: cursive Japanese characters, 60,000 + 10,000 grey images of 28x28 pixels, 10 classes.

T. Clanuwat et al., "Deep Learning for Classical Japanese Literature", 2018, arXiv:1812.01718.
"""

from pathlib import Path

from probeline.core.dataset import Split
from probeline.data.downloads import DownloadSettings
from probeline.data.images import idx

LABEL_CHANGED_BY = ("flip",)


class Config(DownloadSettings):
    """`path` may also be a folder that holds the four idx files, gzipped or not."""


def files(config: Config) -> list[Path]:
    """The four idx files."""
    return idx.files("kmnist", config)


def read(config: Config) -> dict[str, Split]:
    """Train and test."""
    return idx.read("kmnist", config)


def classes(config: Config) -> tuple[str, ...]:
    """The characters, in the order of the labels."""
    return ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
