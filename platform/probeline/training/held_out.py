"""Test labels during an evaluation: held by the trial, given to a protocol once, and reachable in no other way."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from probeline.core.dataset import Dataset, Split
from probeline.errors import NotApplicable


class LabelReads:
    """Which test labels one protocol has read.

    Those of the trial's own data set can be read once, and those of every data set that the protocol's settings name
    once. A named data set that is the trial's own counts as both.
    """

    def __init__(self, home: str, named: Iterable[dict[str, Any]] | None = None) -> None:
        """`home`: the digest of the trial's data set; `named`: data components, None: any may be opened."""
        self._home, self._named = home, None if named is None else {_key(one) for one in named}
        self._read: set[str] = set()
        self._own = False

    def own(self, labels: Tensor) -> Callable[[], Tensor]:
        """What reads the labels of the trial's own data set."""
        return partial(self._read_own, labels)

    def of(self, component: dict[str, Any], digest: str, labels: Tensor) -> Callable[[], Tensor]:
        """What reads the labels of another data set."""
        return partial(self._read_other, _key(component), digest == self._home, labels)

    def check_named(self, component: dict[str, Any]) -> None:
        """Raises NotApplicable for a data set that the protocol's settings do not name."""
        if self._named is not None and _key(component) not in self._named:
            raise NotApplicable(f"{component.get('name')}: the protocol's settings name no such data set")

    def _read_own(self, labels: Tensor) -> Tensor:
        if self._own or "home" in self._read:
            raise RuntimeError(READ_ALREADY)
        self._own = True
        return labels.clone()

    def _read_other(self, key: str, is_home: bool, labels: Tensor) -> Tensor:
        if key in self._read or (is_home and self._own):
            raise RuntimeError(READ_ALREADY)
        self._read |= {key, "home"} if is_home else {key}
        return labels.clone()


READ_ALREADY = "the test labels were read already; choose on the validation part, read the test once"


def _key(component: dict[str, Any]) -> str:
    return json.dumps(component, sort_keys=True, default=str)


def without_test_labels(dataset: Dataset) -> Dataset:
    """The data set as protocols get it: no label in its test part, and no digest by which to find the stored ones."""
    return replace(dataset, test=Split(dataset.test.inputs, np.full(len(dataset.test), -1)), digest="")


def without_files(dataset: Dataset) -> Dataset:
    """The same memory as plain arrays, which know no memory-mapped file, as the labels lie beside the inputs."""
    return on_each_split(dataset, lambda split: Split(_detached(split.inputs), _detached(split.labels)))


def on_each_split(dataset: Dataset, change: Callable[[Split], Split]) -> Dataset:
    """The data set with a function of each of its splits in that one's place."""
    train, validation, test = map(change, (dataset.train, dataset.validation, dataset.test))
    return replace(dataset, train=train, validation=validation, test=test)


def _detached(array: np.ndarray) -> np.ndarray:
    return torch.from_numpy(array).numpy()
