"""Data sets made in memory."""

from probeline.core.columns import Ragged
from probeline.core.dataset import Dataset, DatasetInfo, Split, modality_of
from probeline.core.sample_spec import SampleSpec


def sample_spec(split: Split, rate: int | None = None, vocabulary: int | None = None) -> SampleSpec:
    """The kind of a split's samples."""
    inputs = split.inputs
    if not isinstance(inputs, Ragged):
        return SampleSpec(modality_of(inputs), inputs.dtype.name, inputs.shape[1:], rate, vocabulary)
    shape, longest = (None, *inputs.values.shape[1:]), int(inputs.lengths.max())
    return SampleSpec(modality_of(inputs), inputs.dtype.name, shape, rate, vocabulary, longest)


def dataset_of(train, validation, test, classes=(), digest="-", **known) -> Dataset:
    """A data set of three splits; `known`: further fields of its DatasetInfo."""
    sizes = len(train), len(validation), len(test)
    known.setdefault("sample", sample_spec(train))
    return Dataset(train, validation, test, DatasetInfo(digest, *sizes, tuple(classes), **known))
