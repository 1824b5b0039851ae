"""Test labels during an evaluation: held by the trial, given to a protocol once, and reachable in no other way."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from probeline.core.columns import Ragged
from probeline.core.dataset import Dataset, DatasetInfo, Split
from probeline.core.lists import SampleList, Segments
from probeline.errors import NotApplicable
from probeline.evaluation.base import READ_ALREADY

Answers = Tensor | Segments | SampleList
Reader = Callable[[str | None], Answers]
"""name -> the answers of that name: labels, None for the main ones; segments; pairs or episodes."""


class LabelReads:
    """Which answers of a test one protocol has read.

    Each of the trial's own data set can be read once, and each of every data set that the protocol's settings name
    once. A named data set that is the trial's own counts as both.
    """

    def __init__(self, home: str, named: Iterable[dict[str, Any]] | None = None) -> None:
        """`home`: the digest of the trial's data set; `named`: data components, None: any may be opened."""
        self._home, self._named = home, None if named is None else {_key(one) for one in named}
        self._read: set[tuple[str, str | None]] = set()

    def own(self, answers: Reader) -> Reader:
        """What reads the answers of the trial's own data set."""
        return partial(self._read_once, ("own",), ("own", "home"), answers)

    def of(self, component: dict[str, Any], digest: str, answers: Reader) -> Reader:
        """What reads the answers of another data set."""
        is_home = digest == self._home
        marks = (_key(component), *(("home",) if is_home else ()))
        return partial(self._read_once, marks, (_key(component), *(("own",) if is_home else ())), answers)

    def check_named(self, component: dict[str, Any]) -> None:
        """Raises NotApplicable for a data set that the protocol's settings do not name."""
        if self._named is not None and _key(component) not in self._named:
            raise NotApplicable(f"{component.get('name')}: the protocol's settings name no such data set")

    def _read_once(self, marks: tuple[str, ...], barred: tuple[str, ...], answers: Reader, name: str | None) -> Answers:
        """`marks`: what the read is entered as; `barred`: what must not be entered already."""
        if any((each, name) in self._read for each in barred):
            raise RuntimeError(READ_ALREADY)
        read = answers(name)
        self._read |= {(each, name) for each in marks}
        return read


def reader(split: Split, info: DatasetInfo, device: torch.device) -> Reader:
    """What reads a split's answers by name; labels as a new tensor [N] on the device."""
    return partial(_answers, split, info, device)


def _answers(split: Split, info: DatasetInfo, device: torch.device, name: str | None) -> Answers:
    """Raises NotApplicable where the data have nothing of that name."""
    if name is not None and name in split.lists:
        return split.lists[name]
    if name is not None and name in split.segments:
        return split.segments[name]
    try:
        return torch.from_numpy(split.label(info.extra(name)).copy()).to(device)
    except KeyError as error:
        names = ", ".join([*info.label_names, *info.segment_names, *info.lists])
        raise NotApplicable(f"the data have no {name!r}; they have {names}") from error


def _key(component: dict[str, Any]) -> str:
    return json.dumps(component, sort_keys=True, default=str)


def without_test_labels(dataset: Dataset) -> Dataset:
    """The data set as protocols get it: no answer in its test split, and no digest by which to find the stored ones."""
    return replace(dataset, test=without_answers(dataset.test), info=replace(dataset.info, digest=""))


def without_answers(split: Split) -> Split:
    """The split with the samples, the pairs and the episodes that are asked about, and no label."""
    return Split(
        split.inputs,
        np.full(len(split), -1),
        {},
        {name: each.hidden() for name, each in split.segments.items()},
        {name: each.hidden() for name, each in split.lists.items()},
    )


def without_files(dataset: Dataset) -> Dataset:
    """The same memory as plain arrays, which know no memory-mapped file, as the labels lie beside the inputs."""
    return on_each_split(dataset, _in_memory)


def _in_memory(split: Split) -> Split:
    inputs = split.inputs
    column = (
        Ragged(_detached(inputs.values), _detached(inputs.offsets)) if isinstance(inputs, Ragged) else _detached(inputs)
    )
    extra = {name: _detached(labels) for name, labels in split.extra_labels.items()}
    segments = {name: each.map(_detached) for name, each in split.segments.items()}
    return Split(
        column, _detached(split.labels), extra, segments, {n: e.map(_detached) for n, e in split.lists.items()}
    )


def on_each_split(dataset: Dataset, change: Callable[[Split], Split]) -> Dataset:
    """The data set with a function of each of its splits in that one's place."""
    train, validation, test = map(change, (dataset.train, dataset.validation, dataset.test))
    return replace(dataset, train=train, validation=validation, test=test)


def _detached(array: np.ndarray) -> np.ndarray:
    return torch.from_numpy(array).numpy()
