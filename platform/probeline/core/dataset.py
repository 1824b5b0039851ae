"""The splits of a data set, and what is known of it without opening it."""

from dataclasses import dataclass, field

import numpy as np

from probeline.core.sample_spec import SampleSpec


@dataclass(frozen=True, eq=False)
class Split:
    """Samples and labels of one split. inputs: uint8 or uint16 [N, H, W, C]; labels: int64 [N], -1 for none."""

    inputs: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if self.inputs.dtype not in (np.uint8, np.uint16) or self.inputs.ndim != 4:
            raise ValueError(
                f"inputs are {self.inputs.dtype} {self.inputs.shape}: a split holds uint8 or uint16 [N, H, W, C]"
            )
        if self.labels.dtype != np.int64 or self.labels.shape != self.inputs.shape[:1]:
            raise ValueError(f"labels are {self.labels.dtype} {self.labels.shape}: a split holds int64 [N]")

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class DatasetInfo:
    """What planning needs: the content digest (it enters a trial's id), sizes after the split.

    `labelled`: the share of the stored training split that has a label. `remarks`: what a person is to know of how it
    was read.
    """

    digest: str
    train_size: int
    validation_size: int
    test_size: int
    classes: tuple[str, ...]
    sample: SampleSpec
    labelled: float = 1.0
    remarks: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, eq=False)
class Dataset:
    """The three splits, memory-mapped; `digest` is the content's, before split and limits."""

    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    digest: str
