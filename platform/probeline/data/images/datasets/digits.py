"""scikit-learn's handwritten digits: 1,797 grey images of 8x8 pixels, 10 classes, embedded in the package.

Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test split).
"""

from pathlib import Path

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.data.packages import package_file
from probeline.data.settings import DatasetSettings
from probeline.data.split import hold_out

LABEL_CHANGED_BY = ("flip",)


class Config(DatasetSettings):
    """The set has no test split of its own: a stratified share, the same for every seed, is one."""

    test: float = Field(0.2, gt=0, le=0.5, description="Share of the samples that is the test split.")


def files(config: Config) -> list[Path]:
    """The table inside scikit-learn, located without importing it."""
    return [package_file("sklearn").parent / "datasets" / "data" / "digits.csv.gz"]


def read(config: Config) -> dict[str, Split]:
    """Grey levels 0..16 spread over 0..255."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    inputs = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    train, test = hold_out(Split(inputs, digits.target.astype(np.int64)), config.test)
    return {"train": train, "test": test}
