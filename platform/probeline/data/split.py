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


def hold_out(part: Split, share: float) -> tuple[Split, Split]:
    """The part without a stratified share of it, and that share; at least one sample on each side."""
    order = stratified_order(part.labels)
    kept = len(part) - _held_out(len(part), share)
    return _take(part, np.sort(order[:kept])), _take(part, np.sort(order[kept:]))


def slices(sizes: Mapping[str, int], settings: DatasetSettings) -> dict[str, tuple[str, slice]]:
    """Which stored part, and which rows of it, make train, validation and test; `sizes` are the stored parts'.

    Raises UserError when a limit asks for more samples than there are.
    """
    train, test = sizes["train"], sizes["test"]
    if "validation" in sizes:
        kept, validation = train, ("validation", slice(0, sizes["validation"]))
    else:
        kept = train - _held_out(train, settings.validation)
        validation = ("train", slice(kept, train))
    return {
        "train": ("train", slice(0, _limit("train_size", settings.train_size, kept))),
        "validation": validation,
        "test": ("test", slice(0, _limit("test_size", settings.test_size, test))),
    }


def _held_out(count: int, share: float) -> int:
    if count < 2:
        raise UserError(f"the training part has {count} sample(s): too few to split a validation part off")
    return min(max(1, round(share * count)), count - 1)


def _limit(name: str, wanted: int | None, available: int) -> int:
    if wanted is not None and wanted > available:
        raise UserError(
            f"data.{name} is {wanted}: only {available} samples are there (the validation part is split off)"
        )
    return available if wanted is None else wanted


def _take(part: Split, rows: np.ndarray) -> Split:
    return Split(part.inputs[rows], part.labels[rows])
