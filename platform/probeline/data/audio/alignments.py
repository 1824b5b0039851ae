"""Alignments: which phone or word is spoken when, of a TSV or CSV table or a folder of TextGrid files."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from probeline.core.lists import Segments
from probeline.data.archives import reader
from probeline.data.audio import textgrid
from probeline.data.audio.text_tables import read_table, read_text, refuse, require_columns
from probeline.data.source_paths import shown
from probeline.errors import UserError

ARPABET = [
    "AA",
    "AE",
    "AH",
    "AO",
    "AW",
    "AY",
    "B",
    "CH",
    "D",
    "DH",
    "EH",
    "ER",
    "EY",
    "F",
    "G",
    "HH",
    "IH",
    "IY",
    "JH",
    "K",
    "L",
    "M",
    "N",
    "NG",
    "OW",
    "OY",
    "P",
    "R",
    "S",
    "SH",
    "T",
    "TH",
    "UH",
    "UW",
    "V",
    "W",
    "Y",
    "Z",
    "ZH",
]
SILENCE = "SIL"
SILENCES = {"", "sil", "sp", "spn", "<eps>", "pau", "h#", "<sil>"}
STARTS, ENDS, LABELS = (
    ("start_s", "start", "xmin", "begin"),
    ("end_s", "end", "stop", "xmax"),
    ("phone", "word", "label"),
)
OVERLAP_S = 1e-4  # times are written with a few digits
BEYOND_S = 0.05  # the last frame of an aligner may reach beyond the clip's end by about as much


@dataclass(frozen=True)
class TimedLabel:
    """A stretch of a clip in seconds with its label; where: file and line, for messages."""

    start: float
    stop: float
    label: str
    where: str


@dataclass(frozen=True)
class Alignments:
    """Intervals by clip, in order of time; `path`: the file or folder that they are from."""

    path: Path
    by_clip: dict[str, list[TimedLabel]]

    def labels(self) -> list[str]:
        """Every label that there is, sorted."""
        return sorted({interval.label for intervals in self.by_clip.values() for interval in intervals})


def read_alignments(path: Path, tier: str, phone_set: str = "any") -> Alignments:
    """Of a table, or of TextGrid files in a folder; `tier`: of those, `phones` or `words`.

    With `phone_set` `arpabet` stress digits are dropped, marks of silence and noise become SIL, and other labels than
    ARPAbet's 39 phones are refused.

    Raises:
        BadData: times that are no numbers, that run backwards or overlap, or unknown phones: all of them, with lines.
        UserError: the file cannot be read, or lacks a column or a tier.
    """
    rows = _textgrids(path, tier) if path.is_dir() else _table(path)
    by_clip: dict[str, list[TimedLabel]] = {}
    problems, count = [], 0
    for clip, start, stop, label, where in rows:
        count += 1
        label = _arpabet(label) if phone_set == "arpabet" else label
        interval = TimedLabel(_seconds(start), _seconds(stop), label, where)
        problem = _problem(interval, by_clip.get(clip, ()), phone_set)
        if problem:
            problems.append(f"{where}: {shown(clip)}: {problem}")
        else:
            by_clip.setdefault(clip, []).append(interval)
    refuse(path, problems, count, "alignments cannot be used")
    return Alignments(path, by_clip)


def segments(
    alignments: Alignments, names: Sequence[str], lengths: np.ndarray, rate: int, offset: float
) -> tuple[Segments, tuple[str, ...]]:
    """Segments of clips in positions, and the names of their labels. names: of the clips; lengths: int64 [N] samples.

    Args:
        offset: seconds that are added to every time.

    Raises:
        BadData: an interval ends beyond its clip by more than 50 ms, or alignments are of several clips of one name.
    """
    labels = tuple(alignments.labels())
    numbers = {label: number for number, label in enumerate(labels)}
    rows, problems, taken = list[tuple[int, int, int, int]](), [], dict[str, str]()
    for row, name in enumerate(names):
        key = next((ending for ending in endings(name) if ending in alignments.by_clip), None)
        if key is None:
            continue
        if key in taken:
            problems.append(f"{shown(key)}: {shown(taken[key])} and {shown(name)} both end so; give more of the path")
        taken[key] = name
        for interval in alignments.by_clip[key]:
            start, stop = (round((time + offset) * rate) for time in (interval.start, interval.stop))
            if stop > lengths[row] + BEYOND_S * rate:
                ends = f"ends at {interval.stop:g} s, the clip at {lengths[row] / rate:g} s"
                problems.append(f"{interval.where}: {shown(key)}: {ends}")
            elif start < lengths[row]:
                rows.append((row, start, min(stop, int(lengths[row])), numbers[interval.label]))
    refuse(alignments.path, problems, sum(map(len, alignments.by_clip.values())), "alignments do not fit their clips")
    return Segments(*np.array(rows, np.int64).reshape(-1, 4).T.copy()), labels


def endings(name: str) -> list[str]:
    """By what a table may name a clip, without its extension: its path, or the end of it, the longest first."""
    parts = PurePosixPath(name).with_suffix("").parts
    return ["/".join(parts[start:]) for start in range(len(parts))]


def alignment_files(path: Path) -> list[Path]:
    """The files whose change means other alignments."""
    return reader.source_files(path) if path.is_dir() else [path]


def _table(path: Path) -> Iterator[tuple[str, str, str, str, str]]:
    columns, rows = read_table(path)
    clip = next((name for name in ("utterance", "file", "clip", "path") if name in columns), "utterance")
    start, stop, label = (next((n for n in names if n in columns), names[0]) for names in (STARTS, ENDS, LABELS))
    require_columns(path, columns, (clip, start, stop, label))
    for row in rows:
        values = row.values
        name = re.sub(r"\.(wav|flac|ogg|mp3)$", "", values[clip].strip().replace("\\", "/"), flags=re.IGNORECASE)
        yield name, values[start], values[stop], values[label].strip(), f"line {row.line}"


def _textgrids(path: Path, tier: str) -> Iterator[tuple[str, str, str, str, str]]:
    files = [file for file in reader.source_files(path) if file.suffix.lower() == ".textgrid"]
    if not files:
        raise UserError(f"{shown(path)}: it holds no .TextGrid files; name a table or a folder of them")
    for file in files:
        try:
            listed = textgrid.intervals(read_text(file), tier)
        except ValueError as error:
            raise UserError(f"{shown(file)}: {error}") from error
        for number, (start, stop, label) in enumerate(listed, start=1):
            yield file.stem, repr(start), repr(stop), label, f"{shown(file.name)}, interval {number}"


def _problem(interval: TimedLabel, earlier: Sequence[TimedLabel], phone_set: str) -> str | None:
    if not (math.isfinite(interval.start) and math.isfinite(interval.stop)):
        return "its times are no numbers"
    if interval.start < 0 or interval.stop <= interval.start:
        return f"it goes from {interval.start:g} s to {interval.stop:g} s"
    if earlier and interval.start < earlier[-1].stop - OVERLAP_S:
        return f"it begins at {interval.start:g} s, before the one before it ends ({earlier[-1].stop:g} s)"
    if phone_set == "arpabet" and interval.label not in (*ARPABET, SILENCE):
        return f"{shown(interval.label)!r} is no phone of ARPAbet's 39; `phone_set: any` takes all labels"
    return None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _arpabet(label: str) -> str:
    return SILENCE if label.lower() in SILENCES else label.rstrip("012").upper()
