"""SVC2004, task 2: 1,600 signatures of 40 writers on a tablet, genuine ones and skilled forgeries.

D.-Y. Yeung et al., "SVC2004: First International Signature Verification Competition", ICBA 2004. Not downloaded: the
archive or folder of the files `U<writer>S<number>.TXT`, of which S1 to S20 are genuine and S21 to S40 forged.

Lists of pairs, `skilled` and `random`: on validation and test a writer's first five genuine signatures are references
(left), and against each stand the writer's other genuine ones and the forgeries (right): skilled ones, or 20
genuine signatures of other writers of the split, in turn. For training all genuine pairs of a writer
stand beside those of a genuine signature and a forgery.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.lists import PairList, SampleList
from probeline.data.archives import reader
from probeline.data.downloads import DownloadSettings
from probeline.data.group_split import REMARK, by_group
from probeline.data.local_files import local_source
from probeline.data.read_report import ReadReport, ReadSplits, report_of
from probeline.data.series import pen_scaling
from probeline.data.series.pen_files import PenFormat, read_trajectories
from probeline.data.series.signature_pairs import (
    FORGERIES,
    Forgeries,
    Signatures,
    check_complete,
    protocol_pairs,
    training_pairs,
)
from probeline.data.settings import GroupSplitSettings
from probeline.data.source_paths import shown
from probeline.data.split import hold_out
from probeline.errors import UserError

GIVES = "series"
LABELS = ("class", "writer", "genuine")
LISTS = {"split_by": {"writer": {"skilled": "pairs", "random": "pairs"}, "none": ()}}
ARCHIVES = ("svc2004_task2.tar.gz", "svc2004_task2.zip", "svc2004_task2/svc2004_task2.tar.gz", "svc2004_task2")
Channel = Literal["x", "y", "time", "pen", "azimuth", "altitude", "pressure"]
COLUMNS: tuple[Channel, ...] = ("x", "y", "time", "pen", "azimuth", "altitude", "pressure")
TIME, PEN = 2, 3
FORMAT = PenFormat(columns=7, time=TIME, counted=True)
NAME = re.compile(r"U(\d+)S(\d+)\.TXT", re.IGNORECASE)
GENUINE = 20
"""Numbers up to which signatures are genuine."""
ON_PAPER = 1
"""The bit of the pen's state that says that it touches; the others are its buttons."""


class Config(DownloadSettings, GroupSplitSettings):
    """`split_by: writer` holds out whole writers; `none`: a stratified share of the signatures."""

    split_by: Literal["writer", "none"] = "writer"
    channels: tuple[Channel, ...] = Field(COLUMNS, min_length=1, description="The values of a point, in this order.")
    scale: Literal["series", "none"] = Field(
        "series",
        description="`series`: x and y around their centre at a mean distance of 1, time in s from 0, angles and "
        "pressure at mean 0 and deviation 1, each within a signature; `none`: as stored.",
    )
    points: int | None = Field(None, ge=2, description="Resampled to so many points, evenly in time; absent: all.")
    forgeries: Literal["own_class", "no_label"] = Field(
        "own_class", description="The label of a writer's forgeries: a class of their own, or none."
    )


def files(config: Config) -> list[Path]:
    """The archive, or every file below the folder. Raises UserError."""
    return reader.source_files(local_source("svc2004", ARCHIVES, config))


def read(config: Config) -> ReadSplits:
    """Signatures by writer and number, and the lists of pairs. Raises BadData, which names damaged files."""
    source = local_source("svc2004", ARCHIVES, config)
    numbered = {name: each for name in reader.listing(source).names if (each := _numbers(name))}
    if not numbered:
        raise UserError(f"{shown(source)}: no file is named U<writer>S<number>.TXT; is it SVC2004, task 2?")
    trajectories, forward = read_trajectories(reader.contents(source, numbered), FORMAT)
    names = sorted(numbered, key=lambda name: numbered[name])
    people, writers = np.unique([numbered[name][0] for name in names], return_inverse=True)
    numbers = np.array([numbered[name][1] for name in names])
    signatures = Signatures(writers.astype(np.int64), numbers, numbers <= GENUINE)
    check_complete(signatures, {number: f"writer U{person}" for number, person in enumerate(people)})
    inputs = Ragged.of([channels(trajectories[name][0], config) for name in names])
    splits = _splits(_labelled(inputs, signatures, len(people), config), numbers, config)
    writer_names = tuple(f"U{person}" for person in people)
    classes = (*writer_names, *(f"{name} forged" for name in writer_names))
    label_names = {"class": classes, "writer": writer_names, "genuine": ("forged", "genuine")}
    return ReadSplits(splits, classes, _report(source, splits, classes, forward), label_names)


def channels(points: np.ndarray, config: Config) -> np.ndarray:
    """points: float64 [T, 7] as stored -> float32 [T or config.points, F]."""
    values = points.copy()
    values[:, PEN] = points[:, PEN].astype(np.int64) & ON_PAPER
    if config.scale == "series":
        values[:, :TIME] = pen_scaling.centred(points[:, :TIME])
        values[:, TIME] = (points[:, TIME] - points[0, TIME]) / 1000
        for column in range(PEN + 1, len(COLUMNS)):
            values[:, column] = pen_scaling.standardised(points[:, column])
    if config.points is not None:
        values = pen_scaling.resampled(values, points[:, TIME], config.points)
    return values[:, [COLUMNS.index(channel) for channel in config.channels]].astype(np.float32)


def _numbers(name: str) -> tuple[int, int] | None:
    """Writer and number of a file's signature; None for another file."""
    match = NAME.fullmatch(name.rsplit("/", 1)[-1])
    return (int(match[1]), int(match[2])) if match else None


def _labelled(inputs: Ragged, signatures: Signatures, people: int, config: Config) -> Split:
    forged = signatures.writers + people if config.forgeries == "own_class" else np.int64(-1)
    labels = np.where(signatures.genuine, signatures.writers, forged).astype(np.int64)
    return Split(inputs, labels, {"writer": signatures.writers, "genuine": signatures.genuine.astype(np.int64)})


def _splits(split: Split, numbers: np.ndarray, config: Config) -> dict[str, Split]:
    if config.split_by == "none":
        train, test = hold_out(split, config.test)
        return {"train": train, "test": test}
    # Numbers go along as a label, and off again once each split has its lists.
    numbered = replace(split, extra_labels={**split.extra_labels, "number": numbers.astype(np.int64)})
    parts = by_group(numbered, split.extra_labels["writer"], config.test, config.validation)
    return {
        name: _with_lists(part, protocol_pairs if name != "train" else training_pairs) for name, part in parts.items()
    }


def _with_lists(split: Split, pairs_of: Callable[[Signatures, Forgeries], PairList]) -> Split:
    labels = dict(split.extra_labels)
    signatures = Signatures(labels["writer"], labels.pop("number"), labels["genuine"] == 1)
    lists: dict[str, SampleList] = {kind: pairs_of(signatures, kind) for kind in FORGERIES}
    return replace(split, extra_labels=labels, lists=lists)


def _report(source: Path, splits: dict[str, Split], classes: tuple[str, ...], forward: int) -> ReadReport:
    held_out = (
        "of other writers than the other splits'" if "validation" in splits else "held out, a share of every class"
    )
    report = report_of([source], splits, classes, "signatures", held_out)
    if "validation" in splits:
        report.remarks.append(REMARK.format("writers"))
    if forward:
        report.remarks.append(
            f"{forward:,} points had a time before that of the point above them and were given its time"
        )
    return report
