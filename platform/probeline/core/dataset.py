"""The splits of a data set, and what is known of it without opening it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from probeline.core.columns import Column, Ragged, Rows
from probeline.core.lists import SampleList, Segments
from probeline.core.sample_spec import Modality, SampleSpec

KINDS: Mapping[tuple[str, int], Modality] = {
    ("uint8", 4): "image",
    ("uint16", 4): "image",
    ("float32", 2): "vector",
    ("int16 ragged", 1): "waveform",
    ("int32 ragged", 1): "tokens",
    ("float32 ragged", 2): "series",
}
"""dtype and dimensions of a column -> its samples' modality."""


def modality_of(inputs: Column) -> Modality:
    """What kind of samples a column holds. Raises ValueError where it holds none of them."""
    values, ragged = (inputs.values, " ragged") if isinstance(inputs, Ragged) else (inputs, "")
    kind = f"{values.dtype.name}{ragged}", values.ndim
    if kind not in KINDS:
        raise ValueError(
            f"inputs are {kind[0]} {values.shape}: a split holds images, uint8 or uint16 [N, H, W, C]; "
            "vectors, float32 [N, F]; or ragged waveforms int16 [T], tokens int32 [T], series float32 [T, F]"
        )
    return KINDS[kind]


@dataclass(frozen=True, eq=False)
class Split:
    """The samples of one split and what is known of them.

    Args:
        inputs: the samples, of one of KINDS.
        labels: the main label, int64 [N], -1 for none.
        extra_labels: further labels by name, int64 [N] each.
        segments: labelled stretches within samples by name, such as phones.
        lists: pairs or episodes of the split's samples by name.
    """

    inputs: Column
    labels: np.ndarray
    extra_labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    segments: Mapping[str, Segments] = field(default_factory=dict)
    lists: Mapping[str, SampleList] = field(default_factory=dict)

    def __post_init__(self) -> None:
        modality_of(self.inputs)
        for labels in (self.labels, *self.extra_labels.values()):
            if labels.dtype != np.int64 or labels.shape != (len(self.inputs),):
                raise ValueError(f"labels are {labels.dtype} {labels.shape}: a split holds int64 [N]")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Rows) -> "Split":
        """Some samples, numbered anew, with what is known of them; a slice copies no sample."""
        if isinstance(rows, slice) and rows.indices(len(self)) == (0, len(self), 1):
            return self
        new = np.full(len(self), -1)
        new[rows] = np.arange(len(self.labels[rows]))
        return Split(
            self.inputs[rows],
            self.labels[rows],
            {name: labels[rows] for name, labels in self.extra_labels.items()},
            {name: segments.renumbered(new) for name, segments in self.segments.items()},
            {name: listed.renumbered(new) for name, listed in self.lists.items()},
        )

    def label(self, name: str | None = None) -> np.ndarray:
        """A further label by its name, int64 [N]; None: the main one. Raises KeyError where there is none."""
        return self.labels if name is None else self.extra_labels[name]


@dataclass(frozen=True)
class DatasetInfo:
    """What planning needs: the content digest (it enters a trial's id), sizes after the split.

    `classes`: of the main label; `labelled`: the share of the stored training split that has one. `remarks`: what a
    person is to know of how it was read. `label_names`: every label's classes, the main one's first; `segment_names`:
    the labels of segments by name; `lists`: names of the test split's pairs and episodes. `window`: how many values of
    a longer sample a training step takes, None for all. `train_values`: about how many values the training samples have
    together, None of samples of one shape.
    """

    digest: str
    train_size: int
    validation_size: int
    test_size: int
    classes: tuple[str, ...]
    sample: SampleSpec
    labelled: float = 1.0
    remarks: tuple[str, ...] = field(default=(), compare=False)
    label_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    segment_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    lists: tuple[str, ...] = ()
    window: int | None = None
    train_values: int | None = field(default=None, compare=False)

    def classes_of(self, label: str | None) -> tuple[str, ...]:
        """The names of a label's classes. Raises KeyError where the data have no such label."""
        return self.classes if self.extra(label) is None else self.label_names[str(label)]

    def extra(self, label: str | None) -> str | None:
        """What `Split.label` takes for a label: its name, or None for the main one. Raises KeyError as `classes_of`."""
        main = next(iter(self.label_names), None)
        if label in (None, main):
            return None
        if label not in self.label_names:
            raise KeyError(label)
        return label


@dataclass(frozen=True, eq=False)
class Dataset:
    """The three splits, memory-mapped, and what is known of them; `info.digest` is the content's, before split."""

    train: Split
    validation: Split
    test: Split
    info: DatasetInfo

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the main label."""
        return self.info.classes

    @property
    def digest(self) -> str:
        """The content digest of all splits."""
        return self.info.digest

    def split(self, name: str) -> Split:
        """Train, validation or test by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]
