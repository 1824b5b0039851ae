"""Fashion-MNIST: articles of clothing, 60,000 + 10,000 grey images of 28x28 pixels, 10 classes.

H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", 2017, arXiv:1708.07747.
"""

from pathlib import Path

from probeline.core.dataset import Split
from probeline.data.downloads import DownloadSettings
from probeline.data.images import idx


class Config(DownloadSettings):
    """`path` may also be a folder that holds the four idx files, gzipped or not."""


def files(config: Config) -> list[Path]:
    """The four idx files."""
    return idx.files("fashion_mnist", config)


def read(config: Config) -> dict[str, Split]:
    """Train and test."""
    return idx.read("fashion_mnist", config)


def classes(config: Config) -> tuple[str, ...]:
    """The articles, in the order of the labels."""
    return (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    )
