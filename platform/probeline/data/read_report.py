"""What was read of a folder or archive, for a person: counts, sizes, what was passed over and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from probeline.core.dataset import Split
from probeline.data.source_paths import shown

LISTED = 20  # damaged files named in full; more are counted
COMMON = 8  # sizes, modes and classes named in full


@dataclass
class ReadReport:
    """images: how many samples were read; splits: stored split -> class -> count, "" for no label; sizes: as stored.

    origin: split -> where its images are from; passed_over: kind -> count of what is no sample; remarks: sentences on
    what could have been read otherwise; unit: what the samples are.
    """

    paths: list[str] = field(default_factory=list)
    images: int = 0
    splits: dict[str, dict[str, int]] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    sizes: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    damaged_count: int = 0
    remarks: list[str] = field(default_factory=list)
    unit: str = "images"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "ReadReport":
        """What `as_dict` gave, after JSON."""
        counters = {name: Counter(content[name]) for name in ("sizes", "modes", "passed_over")}
        return cls(**{**content, **counters})

    def headline(self) -> str:
        """One line: `1,203 images of 2 classes from /data/pets (train 963, test 240), 15 files passed over`."""
        classes = {label for counts in self.splits.values() for label in counts if label}
        of = f" of {len(classes):,} classes" if classes else " without labels"
        splits = ", ".join(f"{split} {sum(counts.values()):,}" for split, counts in self.splits.items())
        beside = f", {self.passed_over.total():,} files passed over" if self.passed_over else ""
        beside += f", {self.damaged_count:,} damaged left out" if self.damaged_count else ""
        return f"{self.images:,} {self.unit}{of} from {' and '.join(map(shown, self.paths))} ({splits}){beside}"

    def summary(self) -> list[str]:
        """What `plan` and `run` say: the headline, and what could have been read otherwise."""
        return [f"data: {self.headline()}", *(f"data: {remark}" for remark in self.remarks)]

    def lines(self) -> list[str]:
        """The whole report, a fact a line."""
        facts = [("read", self.headline())]
        facts += [
            (split, f"{sum(counts.values()):,} {self.unit} {self.origin[split]}")
            for split, counts in self.splits.items()
        ]
        facts += [(name, _counted(of)) for name, of in (("stored size", self.sizes), ("mode", self.modes)) if of]
        facts += [("passed over", _counted(self.passed_over))] if self.passed_over else []
        facts += [("damaged", each) for each in self.damaged]
        facts += [("damaged", f"and {self.damaged_count - LISTED:,} more")] if self.damaged_count > LISTED else []
        return [f"  {name:12} {text}" for name, text in facts] + [f"  note: {remark}" for remark in self.remarks]


@dataclass(frozen=True)
class ReadSplits:
    """What a data set's `read` may return beside plain splits: with the class names and what was read.

    Args:
        label_names: every label's classes, the main one's first; absent where the main one, `class`, is the only one.
        segment_names: the labels of segments by name.
        rate: values a second of waveforms, steps a second of series.
        vocabulary: how many tokens there are.
        tokenizer: digest of the stored tokeniser that they are of.
        beside: digest of what decides numbers beside the splits, such as a tokeniser that was not learned from them.
    """

    splits: dict[str, Split]
    classes: tuple[str, ...] | None
    report: ReadReport | None = None
    label_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segment_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rate: int | None = None
    vocabulary: int | None = None
    tokenizer: str | None = None
    beside: str | None = None


def report_of(
    paths: Sequence[Path], read: Mapping[str, Split], classes: Sequence[str], unit: str, origin: str
) -> ReadReport:
    """The report on splits in which nothing was passed over. unit: signatures, drawings, ...; origin: of all splits."""
    counts = {name: np.bincount(split.labels + 1, minlength=len(classes) + 1) for name, split in read.items()}
    names = ["", *classes]
    return ReadReport(
        paths=[str(path) for path in paths],
        images=sum(map(len, read.values())),
        splits={name: {names[row]: int(count[row]) for row in np.flatnonzero(count)} for name, count in counts.items()},
        origin=dict.fromkeys(read, origin),
        unit=unit,
    )


def _counted(counts: Counter[str]) -> str:
    common = [f"{shown(name)} {count:,}" for name, count in counts.most_common(COMMON)]
    rest = counts.total() - sum(count for _, count in counts.most_common(COMMON))
    more = [f"{len(counts) - COMMON:,} others {rest:,}"] if rest else []
    return ", ".join(common + more)
