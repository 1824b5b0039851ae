"""The split into train, validation and test: fixed for every seed, class shares kept, and always plain slices.

Rows are stored once in an order of which every prefix and suffix keeps the class shares. Any `validation` share and any
size limit is then a slice of the memory-mapped file: no copy in any trial.
"""

from collections.abc import Mapping

import numpy as np

from probeline.core.dataset import Split
from probeline.data.settings import DatasetSettings
from probeline.errors import UserError

SPLIT_SEED = 20_210  # any constant: the order must not depend on a trial's seed


def stratified_order(labels: np.ndarray) -> np.ndarray:
    """labels: [N] -> a permutation [N] whose prefixes and suffixes keep the class shares to about one sample a class.

    Within a class the order is random but fixed. Rows without a label (-1) count as a class of their own.
    """
    random = np.random.Generator(np.random.PCG64(SPLIT_SEED))
    within, ties = random.random(len(labels)), random.random(len(labels))
    by_class = np.lexsort((within, labels))
    _, first, inverse, counts = np.unique(labels[by_class], return_index=True, return_inverse=True, return_counts=True)
    quantile = np.empty(len(labels))
    quantile[by_class] = (np.arange(len(labels)) - first[inverse] + 0.5) / counts[inverse]
    return np.lexsort((ties, quantile))


def hold_out(split: Split, share: float) -> tuple[Split, Split]:
    """The split without a stratified share of it, and that share; at least one sample on each side."""
    order = stratified_order(split.labels)
    training = len(split) - _held_out(len(split), share)
    return split[np.sort(order[:training])], split[np.sort(order[training:])]


def slices(sizes: Mapping[str, int], settings: DatasetSettings) -> dict[str, tuple[str, slice]]:
    """Which stored split, and which rows of it, make train, validation and test; `sizes` are the stored splits'.

    Raises UserError when a limit asks for more samples than there are.
    """
    train, test = sizes["train"], sizes["test"]
    if "validation" in sizes:
        training, validation = train, ("validation", slice(0, sizes["validation"]))
    else:
        training = train - _held_out(train, settings.validation)
        validation = ("train", slice(training, train))
    return {
        "train": ("train", slice(0, _limit("train_size", settings.train_size, training))),
        "validation": validation,
        "test": ("test", slice(0, _limit("test_size", settings.test_size, test))),
    }


def _held_out(count: int, share: float) -> int:
    if count < 2:
        raise UserError(f"the training split has {count} sample(s): too few to hold out a validation split")
    return min(max(1, round(share * count)), count - 1)


def _limit(name: str, wanted: int | None, available: int) -> int:
    if wanted is not None and wanted > available:
        raise UserError(
            f"data.{name} is {wanted}: only {available} samples are there (the validation split is held out)"
        )
    return available if wanted is None else wanted
