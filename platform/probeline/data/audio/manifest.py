"""A manifest: a table that gives clips their labels, splits and transcripts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from probeline.data.audio.clip_names import ClipFile
from probeline.data.audio.text_tables import TableRow, read_table, refuse, require_columns
from probeline.data.source_paths import shown
from probeline.data.split_folders import split_of
from probeline.errors import UserError

FILE_COLUMNS = ("file", "path", "filename", "file_name", "utterance", "clip")


@dataclass(frozen=True)
class Columns:
    """Which columns mean what. file: the clip's name; labels: label columns; split and transcript, where there are."""

    file: str
    labels: tuple[str, ...]
    split: str | None
    transcript: str | None


def apply_manifest(
    path: Path, clips: Sequence[ClipFile], labels: Sequence[str], transcript: str | None
) -> list[ClipFile]:
    """The clips that the manifest names, with what it says of them; `labels`: columns, the main label first.

    A row names its clip by a path inside the folder or archive, by the end of one, or by a name without extension.

    Raises:
        BadData: rows that name no clip, several, or one that another row names; a transcript or split is missing.
        UserError: a column is missing.
    """
    names, rows = read_table(path)
    columns = _columns(path, names, labels, transcript)
    by_name = _by_name(clips)
    seen: dict[tuple[Path, str], int] = {}
    listed, problems = [], []
    for row in rows:
        clip = _clip(row, columns.file, by_name)
        problem = clip if isinstance(clip, str) else _problem(row, columns, clip, seen)
        if problem or isinstance(clip, str):
            problems.append(f"line {row.line}: {shown(row.values[columns.file])}: {problem}")
            continue
        seen[clip.holder, clip.name] = row.line
        listed.append(_described(clip, row, columns))
    refuse(path, problems, len(rows), "rows cannot be used")
    if not listed:
        raise UserError(f"{shown(path)}: it names no clip; a row a clip is needed")
    return listed


def _columns(path: Path, names: list[str], labels: Sequence[str], transcript: str | None) -> Columns:
    file = next((name for name in FILE_COLUMNS if name in names), None)
    if file is None:
        raise UserError(f"{shown(path)}: a column named {' or '.join(FILE_COLUMNS)} is needed; it has {names}")
    require_columns(path, names, [*labels, *([transcript] if transcript else [])])
    return Columns(file, tuple(labels), "split" if "split" in names else None, transcript)


def _clip(row: TableRow, column: str, by_name: dict[str, list[ClipFile]]) -> ClipFile | str:
    """The clip that a row names, or why it is none."""
    name = PurePosixPath(row.values[column].strip().replace("\\", "/")).as_posix()
    matches = by_name.get(name, [])
    if len(matches) == 1:
        return matches[0]
    return "no such clip" if not matches else f"the end of {len(matches)} clips' names; give more of the path"


def _problem(row: TableRow, columns: Columns, clip: ClipFile, seen: dict[tuple[Path, str], int]) -> str | None:
    if (clip.holder, clip.name) in seen:
        return f"named already in line {seen[clip.holder, clip.name]}"
    if columns.split and row.values[columns.split].strip() and split_of(row.values[columns.split].strip()) is None:
        return f"its split is {shown(row.values[columns.split])}; train, validation or test is needed"
    if columns.transcript and not row.values[columns.transcript].strip():
        return "its transcript is missing"
    return None


def _described(clip: ClipFile, row: TableRow, columns: Columns) -> ClipFile:
    labels = clip.labels | {name: row.values[name].strip() for name in columns.labels}
    split = (split_of(row.values[columns.split].strip()) or "") if columns.split else clip.split
    text = row.values[columns.transcript].strip() if columns.transcript else clip.transcript
    return replace(clip, labels=labels, split=split, transcript=text)


def _by_name(clips: Sequence[ClipFile]) -> dict[str, list[ClipFile]]:
    """Every name that a row may give a clip -> the clips."""
    table: dict[str, list[ClipFile]] = {}
    for clip in clips:
        for name in _endings(clip.name):
            table.setdefault(name, []).append(clip)
    return table


def _endings(name: str) -> Iterator[str]:
    parts = PurePosixPath(name).parts
    for start in range(len(parts)):
        ending = "/".join(parts[start:])
        yield ending
        yield ending.removesuffix(PurePosixPath(name).suffix)
