"""Clips with what is known of them to splits: decoded samples, labels, aligned phones and words, transcripts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from probeline.core.dataset import Split
from probeline.core.lists import Segments
from probeline.data import cache, group_split
from probeline.data.archives import reader
from probeline.data.audio import transcripts
from probeline.data.audio.alignments import Alignments, alignment_files, read_alignments, segments
from probeline.data.audio.clip_names import ClipFile
from probeline.data.audio.clip_reading import ClipPath, ReadClips, read_clips
from probeline.data.audio.decode import require_decoder
from probeline.data.audio.settings import AudioSettings
from probeline.data.damaged import Damaged
from probeline.data.read_report import LISTED, ReadReport, ReadSplits
from probeline.data.source_paths import shown, user_path
from probeline.data.split import stratified_order
from probeline.errors import BadData, UserError

FEWEST = 3
"""Clips without splits: one for each."""


def source_files(config: AudioSettings, *tables: str | None) -> list[Path]:
    """The files that decide what is read: archive or folder, alignments, and further tables. Raises UserError."""
    aligned = [file for path in (config.phones, config.words) if path for file in alignment_files(user_path(path))]
    return [*reader.source_files(user_path(config.path)), *aligned, *(user_path(path) for path in tables if path)]


def read_splits(clips: Sequence[ClipFile], config: AudioSettings, group: str | None = None) -> ReadSplits:
    """Decodes the clips, each into its split.

    Args:
        clips: their labels are all of the same names, the main one first.
        group: the label whose classes are held out as wholes; None: what `split_by` says.

    Raises:
        BadData: damaged clips, alignments that do not fit them. UserError: splits that cannot be made.
    """
    require_decoder()
    group = group or (None if config.split_by == "none" else config.split_by)
    splits, origin = divided(clips, group, config)
    by_path = {(clip.holder, clip.name): clip for clip in clips}
    damaged = Damaged(config.on_damaged, config.max_damaged)
    paths = dict(zip(by_path, splits, strict=True))
    read = read_clips(paths, config.rate, damaged, cache.root() / "datasets" / "decoding")
    names = {label: tuple(sorted({clip.labels[label] for clip in clips} - {""})) for label in clips[0].labels}
    aligned = {name: read_alignments(user_path(path), name, _phones(name, config)) for name, path in _aligned(config)}
    parts = {split: _split(split, read, by_path, names, aligned, config) for split in read.columns}
    stored = {split: part for split, (part, _) in parts.items()}
    report = _report(by_path, stored, read, origin, names)
    report.remarks += _alignment_remarks(aligned, stored)
    segment_names = dict(next(iter(parts.values()))[1])
    return ReadSplits(stored, next(iter(names.values()), ()), report, names, segment_names, read.rate)


def divided(clips: Sequence[ClipFile], group: str | None, config: AudioSettings) -> tuple[list[str], str]:
    """The split of every clip, and where it is from.

    Raises UserError where some clips say their split and others do not, or no group or training split can be made.
    """
    if group is not None:  # whole groups are divided anew, whatever folders say
        return _by_group(clips, group, config), f"whole {group}s are held out"
    named = Counter(clip.split for clip in clips)
    if "" in named and len(named) > 1:
        lost = next(shown(clip.name) for clip in clips if not clip.split)
        raise UserError(f"{named['']} of {len(clips)} clips are in no split, such as {lost}; give one to all or none")
    if "" in named:
        return _held_out(clips, config.test), f"{config.test:.0%} of every class are held out for testing"
    if "train" not in named:
        raise UserError(f"{shown(config.path)}: it has splits ({', '.join(named)}) but none named train")
    if "test" in named:
        return [clip.split for clip in clips], "as the data set says"
    tests = {"validation": "test"}
    return [tests.get(clip.split, clip.split) for clip in clips], "validation is the test split, as there is none"


def _by_group(clips: Sequence[ClipFile], group: str, config: AudioSettings) -> list[str]:
    label = next(iter(clips[0].labels), None) if group == "class" else group
    if label is None or label not in clips[0].labels:
        labels = ", ".join(clips[0].labels) or "none"
        raise UserError(f"split_by: {group}: the clips have no such label; their labels are {labels}")
    _, groups = np.unique([clip.labels[label] for clip in clips], return_inverse=True)
    splits = np.empty(len(clips), object)
    for split, rows in group_split.divided(groups, config.test, config.validation).items():
        splits[rows] = split
    return list(splits)


def _held_out(clips: Sequence[ClipFile], share: float) -> list[str]:
    """A stratified share is `test`, the rest `train`."""
    if len(clips) < FEWEST:
        raise UserError(f"{len(clips)} clip(s); at least {FEWEST} are needed, one for each split")
    _, labels = np.unique([next(iter(clip.labels.values()), "") for clip in clips], return_inverse=True)
    order, tests = stratified_order(labels), max(1, round(share * len(clips)))
    splits = np.full(len(clips), "train", object)
    splits[order[len(clips) - tests :]] = "test"
    return list(splits)


def _aligned(config: AudioSettings) -> list[tuple[str, str]]:
    return [(name, path) for name, path in (("phones", config.phones), ("words", config.words)) if path]


def _phones(name: str, config: AudioSettings) -> str:
    return config.phone_set if name == "phones" else "any"


def _split(
    split: str,
    read: ReadClips,
    clips: Mapping[ClipPath, ClipFile],
    names: Mapping[str, tuple[str, ...]],
    aligned: Mapping[str, Alignments],
    config: AudioSettings,
) -> tuple[Split, dict[str, tuple[str, ...]]]:
    """One stored split, and the names of its segments' labels."""
    rows = [clips[path] for path in read.order[split]]
    column = read.columns[split].column()
    labels = {name: _numbers([clip.labels[name] for clip in rows], classes) for name, classes in names.items()}
    main = next(iter(labels.values()), np.full(len(rows), -1))
    parts: dict[str, Segments] = {}
    segment_names: dict[str, tuple[str, ...]] = {}
    for name, each in aligned.items():
        parts[name], segment_names[name] = segments(
            each, [clip.name for clip in rows], column.lengths, read.rate, config.alignment_offset_s
        )
    if all(clip.transcript is not None for clip in clips.values()):
        spelt = transcripts.characters([clip.transcript or "" for clip in rows], column.lengths)
        parts[transcripts.NAME], segment_names[transcripts.NAME] = spelt, transcripts.ALPHABET
    extra = {name: numbers for number, (name, numbers) in enumerate(labels.items()) if number}
    return Split(column, main, extra, parts), segment_names


def _numbers(classes: Sequence[str], names: Sequence[str]) -> np.ndarray:
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers.get(name, -1) for name in classes], np.int64)


def _report(
    clips: Mapping[ClipPath, ClipFile],
    splits: Mapping[str, Split],
    read: ReadClips,
    origin: str,
    names: Mapping[str, tuple[str, ...]],
) -> ReadReport:
    classes = next(iter(names.values()), ())
    counts = {
        split: {name: int(count) for name, count in zip(classes, _counts(part, len(classes)), strict=True) if count}
        for split, part in splits.items()
    }
    return ReadReport(
        paths=[str(path) for path in dict.fromkeys(holder for holder, _ in clips)],
        images=sum(map(len, splits.values())),
        splits=counts,
        origin=dict.fromkeys(splits, origin),
        sizes=read.tally.rates,
        modes=read.tally.encodings,
        damaged=sorted(read.tally.damaged)[:LISTED],
        damaged_count=len(read.tally.damaged),
        remarks=read.tally.remarks(),
        unit="clips",
    )


def _counts(split: Split, classes: int) -> np.ndarray:
    return np.bincount(split.labels[split.labels >= 0], minlength=classes)[:classes]


def _alignment_remarks(aligned: Mapping[str, Alignments], splits: Mapping[str, Split]) -> list[str]:
    remarks = []
    for name in aligned:
        without = sum(len(split) - len(np.unique(split.segments[name].rows)) for split in splits.values())
        if without == sum(map(len, splits.values())):
            raise BadData(f"{shown(aligned[name].path)}: it names none of the clips; utterances are named as files")
        remarks += [f"{without:,} clips have no aligned {name}"] if without else []
    return remarks
