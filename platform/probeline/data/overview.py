"""What a data set is after reading, for a person: splits, classes with counts, shape, and what was passed over."""

from typing import Any, cast

import numpy as np

from probeline.core.dataset import Dataset, DatasetInfo
from probeline.core.sample_spec import SampleSpec
from probeline.data import store
from probeline.data.settings import DatasetSettings
from probeline.data.source_paths import shown
from probeline.plugins import catalog

MAX_CLASSES = 50  # lines of one data set; the JSON has all
SPLITS = ("train", "validation", "test")


def as_dict(component: dict[str, Any]) -> dict[str, Any]:
    """Everything, as JSON-able values. Raises as `store.facts` does."""
    facts, dataset, report = store.facts(component), store.open_dataset(component), store.read_report(component)
    return {
        "data": component,
        "digest": facts.digest,
        "sizes": {split: len(getattr(dataset, split)) for split in SPLITS},
        "classes": class_counts(dataset),
        "shape": list(facts.sample.shape),
        "dtype": facts.sample.dtype,
        "labelled": facts.labelled,
        "read": report.as_dict() if report else None,
    }


def text(component: dict[str, Any]) -> str:
    """The same in lines. Raises as `store.facts` does."""
    facts, dataset, report = store.facts(component), store.open_dataset(component), store.read_report(component)
    lines = [title(component), f"  {'splits':12} {described(facts, dataset)}", *(report.lines() if report else [])]
    if report and "validation" not in report.splits:
        share = cast(DatasetSettings, catalog.settings("datasets", component)).validation
        lines.append(f"  {'validation':12} {share:.0%} of train, held out by class; the same for every seed")
    return "\n".join([*lines, *_class_table(class_counts(dataset))])


def title(component: dict[str, Any]) -> str:
    """Name and the parameters that are not the default: `image_folder(path=pets, size=64)`."""
    fields = catalog.config("datasets", component["name"]).model_fields
    chosen = {key: value for key, value in component.items() if key in fields and value != _json(fields[key].default)}
    return f"{component['name']}({', '.join(f'{key}={shown(value)}' for key, value in chosen.items())})"


def _json(default: Any) -> Any:
    """A default as a resolved component has it: lists for tuples."""
    return list(default) if isinstance(default, tuple) else default


def described(facts: DatasetInfo, dataset: Dataset) -> str:
    """`train 866, validation 97, test 240; 2 classes; 64x64, 3 channels, 8 bits`."""
    sizes = ", ".join(f"{split} {len(getattr(dataset, split)):,}" for split in SPLITS)
    return f"{sizes}; {len(facts.classes):,} classes; {sample_text(facts.sample)}"


def sample_text(sample: SampleSpec) -> str:
    """`64x64, 3 channel(s), 8 bits`, or `waveform of 16,000 Hz, at most 12.4 s`."""
    if sample.modality == "image":
        height, width, channels = sample.shape
        return f"{width}x{height}, {channels} channel(s), {8 * np.dtype(sample.dtype).itemsize} bits"
    rate = f" of {sample.rate:,} Hz" if sample.rate else ""
    if sample.longest is None:
        return f"{sample.modality}{rate}, {sample.size:,} values"
    longest = f"{sample.longest / sample.rate:,.1f} s" if sample.rate else f"{sample.longest:,} long"
    return f"{sample.modality}{rate}, at most {longest}"


def class_counts(dataset: Dataset) -> dict[str, list[int]]:
    """Class -> images in train, validation and test, after split and limits; without a label under ""."""
    numbers = range(-1, len(dataset.classes))
    counts = [np.bincount(getattr(dataset, split).labels + 1, minlength=len(numbers)) for split in SPLITS]
    names = ["", *dataset.classes]
    table = {names[row]: [int(count[row]) for count in counts] for row in range(len(numbers))}
    return {name: row for name, row in table.items() if name or any(row)}


def _class_table(counts: dict[str, list[int]]) -> list[str]:
    rows = [(shown(name) or "(no label)", row) for name, row in list(counts.items())[:MAX_CLASSES]]
    width = max([len("class"), *(len(name) for name, _ in rows)])
    lines = [f"  {'class':{width}} {'train':>8} {'validation':>10} {'test':>8}"]
    lines += [f"  {name:{width}} {row[0]:8,} {row[1]:10,} {row[2]:8,}" for name, row in rows]
    return lines + (
        [f"  and {len(counts) - MAX_CLASSES} classes more (--json has all)"] if len(counts) > MAX_CLASSES else []
    )
