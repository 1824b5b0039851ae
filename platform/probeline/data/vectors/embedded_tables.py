"""Tables that scikit-learn ships: their files, and their rows as vectors."""

from pathlib import Path

import numpy as np

from probeline.core.dataset import Split
from probeline.data.packages import package_file
from probeline.data.read_report import ReadSplits
from probeline.data.split import hold_out
from probeline.data.vectors.table_settings import TableSettings


def table_file(name: str) -> list[Path]:
    """The table inside scikit-learn, located without importing it."""
    return [package_file("sklearn").parent / "datasets" / "data" / f"{name}.csv"]


def read_table(loader: str, config: TableSettings) -> ReadSplits:
    """Train and test. loader: scikit-learn's function `load_<name>`."""
    import sklearn.datasets

    table = getattr(sklearn.datasets, loader)()
    train, test = hold_out(Split(table.data.astype(np.float32), table.target.astype(np.int64)), config.test)
    if config.scale == "standard":
        training = np.asarray(train.inputs)
        train, test = (Split(standardised(training, np.asarray(each.inputs)), each.labels) for each in (train, test))
    return ReadSplits({"train": train, "test": test}, tuple(map(str, table.target_names)))


def standardised(training: np.ndarray, values: np.ndarray) -> np.ndarray:
    """float32 [N, F]: `values` less the training columns' mean, over their deviation; a constant column becomes 0."""
    deviation = training.std(0, dtype=np.float64)
    moved = values - training.mean(0, dtype=np.float64)
    return np.divide(moved, deviation, out=np.zeros_like(moved), where=deviation > 0).astype(np.float32)
