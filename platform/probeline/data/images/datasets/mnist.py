"""MNIST: handwritten digits, 60,000 + 10,000 grey images of 28x28 pixels, 10 classes.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE, 1998.
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
    return idx.files("mnist", config)


def read(config: Config) -> dict[str, Split]:
    """Train and test."""
    return idx.read("mnist", config)
