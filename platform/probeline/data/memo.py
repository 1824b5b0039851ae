"""What a data set's splits are once they are in the cache, as the memo keeps it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from probeline.core.columns import Column, Ragged
from probeline.core.dataset import Split, modality_of
from probeline.core.sample_spec import SampleSpec
from probeline.data import cache
from probeline.data.read_report import ReadSplits
from probeline.errors import BadData


def memo_of(name: str, read: ReadSplits) -> dict[str, Any]:
    """Writes the splits to the cache; their digest, sizes, labels and kind of samples, JSON-able.

    Raises BadData where they are no train and test split of one kind of samples, DiskFull.
    """
    splits = read.splits
    if not {"train", "test"} <= set(splits) <= {"train", "validation", "test"} or not all(map(len, splits.values())):
        sizes = ", ".join(f"{split}: {len(samples)}" for split, samples in splits.items())
        raise BadData(f"data set {name} has splits ({sizes}); it needs samples in train and in test")
    sample = _sample(name, read)
    for split, samples in splits.items():
        _require_finite(f"data set {name}, {split} split", samples.inputs)
    count = max(int(split.labels.max()) for split in splits.values()) + 1
    classes = list(read.classes or map(str, range(count)))
    return {
        "digest": cache.write(splits, read.beside),
        "sizes": {split: len(samples) for split, samples in splits.items()},
        "values": {split: _values(samples.inputs) for split, samples in splits.items()},
        "classes": classes,
        "sample": sample.as_dict(),
        "label_names": {label: list(names) for label, names in read.label_names.items()} or {"class": classes},
        "segment_names": {segment: list(names) for segment, names in read.segment_names.items()},
        "lists": sorted(splits["test"].lists),
        "labelled": float((splits["train"].labels >= 0).mean()),
        "report": read.report.as_dict() if read.report else None,
    }


def _values(column: Column) -> int | None:
    """How many values ragged samples have together."""
    return len(column.values) if isinstance(column, Ragged) else None


def _require_finite(where: str, column: Column) -> None:
    """Raises BadData, which names the first sample with a value that is not finite."""
    values = column.values if isinstance(column, Ragged) else column
    if values.dtype.kind != "f":
        return
    wrong = np.flatnonzero(~np.isfinite(values).all(axis=tuple(range(1, values.ndim))))
    if len(wrong):
        row = int(np.searchsorted(column.offsets, wrong[0], "right")) - 1 if isinstance(column, Ragged) else wrong[0]
        raise BadData(f"{where}: {len(wrong):,} values are not finite, first in sample {row}; mend or remove it")


def _sample(name: str, read: ReadSplits) -> SampleSpec:
    modality, shape = _kind(name, read.splits)
    inputs = [split.inputs for split in read.splits.values()]
    longest = max((int(column.lengths.max()) for column in inputs if isinstance(column, Ragged)), default=None)
    return SampleSpec(modality, inputs[0].dtype.name, shape, read.rate, read.vocabulary, longest, read.tokenizer)


def _kind(name: str, splits: Mapping[str, Split]) -> tuple[Any, tuple[int | None, ...]]:
    """The one modality and shape of all splits."""
    kinds = {(modality_of(split.inputs), _shape(split)) for split in splits.values()}
    if len({split.inputs.dtype for split in splits.values()}) > 1 or len(kinds) > 1:
        shapes = sorted({shape for _, shape in kinds}, key=str)
        raise BadData(f"data set {name}: its splits differ in shape {shapes}; set `size` or `channels`")
    return kinds.pop()


def _shape(split: Split) -> tuple[int | None, ...]:
    if isinstance(split.inputs, Ragged):
        return (None, *split.inputs.values.shape[1:])
    return split.inputs.shape[1:]
