"""CIFAR-100: 50,000 + 10,000 colour images of 32x32 pixels, 100 classes.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from pathlib import Path

from probeline.core.dataset import Split
from probeline.data.downloads import DownloadSettings
from probeline.data.images.torchvision_source import TorchvisionSource

SOURCE = TorchvisionSource(
    dataset="CIFAR100",
    names=("cifar-100-python/train", "cifar-100-python/test", "cifar-100-python/meta"),
    splits={"train": {"train": True}, "test": {"train": False}},
)


class Config(DownloadSettings):
    """Nothing beyond what every download has."""


def files(config: Config) -> list[Path]:
    """The three batch files."""
    return SOURCE.files(config)


def read(config: Config) -> dict[str, Split]:
    """Train and test."""
    return SOURCE.read(config)


def classes(config: Config) -> tuple[str, ...] | None:
    """The names in the files."""
    return SOURCE.classes(config)
