"""A split as named arrays, which the cache keeps a file each, and back."""

from collections.abc import Iterator, Mapping

import numpy as np

from probeline.core.columns import Column, Ragged
from probeline.core.dataset import Split
from probeline.core.lists import EpisodeList, PairList, SampleList, Segments

PAIRS = {"left": "first", "right": "second", "same": "same"}
EPISODES = {name: name for name in ("support", "query", "answer")}
"""Names in files, which are part of a data set's digest, and the fields that they hold."""
GROUPS = "groups"


def columns(split: Split) -> dict[str, Column]:
    """The columns that have a row for every sample, by name: `inputs`, `labels` and `labels.<name>`."""
    extra = {f"labels.{name}": split.extra_labels[name] for name in sorted(split.extra_labels)}
    return {"inputs": split.inputs, "labels": split.labels, **extra}


def tables(split: Split) -> dict[str, np.ndarray]:
    """Segments and lists by name: `segments.<name>` int64 [S, 4], `lists.<name>.<field>`."""
    return dict((*_segments(split), *_lists(split)))


def assemble(arrays: Mapping[str, np.ndarray]) -> Split:
    """The split of what `columns` and `tables` gave, a ragged column's offsets as `inputs.offsets`."""
    inputs: Column = arrays["inputs"]
    if "inputs.offsets" in arrays:
        inputs = Ragged(arrays["inputs"], np.asarray(arrays["inputs.offsets"]))
    named = {name.removeprefix("labels."): array for name, array in arrays.items() if name.startswith("labels.")}
    segments = {
        name.removeprefix("segments."): Segments(*np.ascontiguousarray(array.T))
        for name, array in arrays.items()
        if name.startswith("segments.")
    }
    lists = sorted({name.split(".")[1] for name in arrays if name.startswith("lists.")})
    return Split(inputs, arrays["labels"], named, segments, {name: _list(name, arrays) for name in lists})


def _segments(split: Split) -> Iterator[tuple[str, np.ndarray]]:
    for name in sorted(split.segments):
        each = split.segments[name]
        yield f"segments.{name}", np.stack([each.rows, each.starts, each.stops, np.asarray(each.labels)], axis=1)


def _lists(split: Split) -> Iterator[tuple[str, np.ndarray]]:
    for name in sorted(split.lists):
        listed = split.lists[name]
        named = PAIRS if isinstance(listed, PairList) else EPISODES
        for part, field in {**named, GROUPS: GROUPS}.items():
            if (array := getattr(listed, field)) is not None:
                yield f"lists.{name}.{part}", array


def _list(name: str, arrays: Mapping[str, np.ndarray]) -> SampleList:
    groups = arrays.get(f"lists.{name}.{GROUPS}")
    if f"lists.{name}.query" in arrays:
        support, query, answer = (arrays[f"lists.{name}.{part}"] for part in EPISODES)
        return EpisodeList(support, query, answer, groups)
    first, second, same = (arrays[f"lists.{name}.{part}"] for part in PAIRS)
    return PairList(first, second, same, groups)
