"""STL-10: 5,000 + 8,000 colour images of 96x96 pixels, 10 classes, and 100,000 without a label.

A. Coates, H. Lee, A. Ng, "An Analysis of Single Layer Networks in Unsupervised Feature Learning", AISTATS 2011.
"""

from pathlib import Path

from pydantic import Field

from probeline.core.dataset import Split
from probeline.data.downloads import DownloadSettings
from probeline.data.images.torchvision_source import TorchvisionSource

FOLDER = "stl10_binary"
FILES = ("train_X.bin", "train_y.bin", "unlabeled_X.bin", "test_X.bin", "test_y.bin")
TEST = {"split": "test"}
LABELLED, ALL = (
    TorchvisionSource("STL10", tuple(f"{FOLDER}/{name}" for name in FILES), {"train": {"split": split}, "test": TEST})
    for split in ("train", "train+unlabeled")
)


class Config(DownloadSettings):
    """Without labels (-1), the 100,000 images join the training split and its held-out share."""

    unlabelled: bool = Field(False, description="Train also on the 100,000 images without a label.")


def files(config: Config) -> list[Path]:
    """The five binary files."""
    return LABELLED.files(config)


def read(config: Config) -> dict[str, Split]:
    """Train and test."""
    return (ALL if config.unlabelled else LABELLED).read(config)


def classes(config: Config) -> tuple[str, ...] | None:
    """The names in the files."""
    return LABELLED.classes(config)
