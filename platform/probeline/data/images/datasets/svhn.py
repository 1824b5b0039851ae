"""SVHN: house numbers, 73,257 + 26,032 colour images of 32x32 pixels, 10 classes.

Y. Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature Learning", NIPS workshop, 2011.
"""

from pathlib import Path

from probeline.core.dataset import Split
from probeline.data.downloads import DownloadSettings
from probeline.data.images.torchvision_source import TorchvisionSource

LABEL_CHANGED_BY = ("flip",)
SOURCE = TorchvisionSource(
    dataset="SVHN",
    names=("train_32x32.mat", "test_32x32.mat"),
    splits={"train": {"split": "train"}, "test": {"split": "test"}},
)


class Config(DownloadSettings):
    """Nothing beyond what every download has."""


def files(config: Config) -> list[Path]:
    """The two Matlab files."""
    return SOURCE.files(config)


def read(config: Config) -> dict[str, Split]:
    """Train and test."""
    return SOURCE.read(config)
