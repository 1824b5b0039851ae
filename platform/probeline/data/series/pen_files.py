"""Text files of pen trajectories, a point a line, checked line by line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from probeline.data.archives.listing import Unreadable
from probeline.data.source_paths import reason, shown
from probeline.errors import BadData

LISTED = 20
"""Damaged files named in full; more are counted."""

MAX_STEP_BACK_MS = 50
"""Up to which a time that goes back is a tablet's clock being set: the point gets the time of the one before it."""


@dataclass(frozen=True)
class PenFormat:
    """How a file holds points.

    Args:
        columns: values of a point.
        time: the column of the time in milliseconds.
        separator: between values; None: spaces.
        counted: whether the first line is the number of points.
        marks: lines that are no points, such as START.
    """

    columns: int
    time: int
    separator: str | None = None
    counted: bool = False
    marks: tuple[str, ...] = ()


def read_trajectories(
    contents: Iterable[tuple[str, bytes | Unreadable]], form: PenFormat
) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], int]:
    """Points float64 [T, columns] of every file and the stroke int64 [T] of each, by name; and times set forward.

    Raises:
        BadData: names every damaged file (up to 20) with its line and what is wrong there.
    """
    read, damaged, forward = {}, [], 0
    for name, content in contents:
        try:
            if isinstance(content, Unreadable):
                raise ValueError(f": {content.reason}")
            points, strokes = points_of(content, form)
            read[name] = in_order(points, form.time), strokes
            forward += int((np.diff(points[:, form.time]) < 0).sum())
        except ValueError as error:
            damaged.append(f"{shown(name)}{error}")
    if damaged:
        more = [f"and {len(damaged) - LISTED:,} more"] if len(damaged) > LISTED else []
        listed = "\n  ".join([*sorted(damaged)[:LISTED], *more])
        raise BadData(
            f"{len(damaged):,} of {len(damaged) + len(read):,} trajectories are damaged:\n  {listed}\n"
            "Correct the files or remove them"
        )
    return read, forward


def points_of(content: bytes, form: PenFormat) -> tuple[np.ndarray, np.ndarray]:
    """Points float64 [T, columns] and strokes int64 [T], 0 for the first, of a file.

    Raises ValueError, `:line: what is wrong` or `: what is wrong`.
    """
    try:
        lines = content.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise ValueError(": no text file of points") from None
    rows = list(_rows(lines[form.counted :], form, first=1 + form.counted))
    if form.counted:
        _check_count(lines[0] if lines else "", len(rows))
    if not rows:
        raise ValueError(": an empty trajectory; remove the file")
    points = np.array([values for _, _, values in rows])
    for row, (line, _, _) in enumerate(rows):
        if not np.isfinite(points[row]).all():
            raise ValueError(f":{line}: a value that is not finite")
        if row and points[row, form.time] < points[row - 1, form.time] - MAX_STEP_BACK_MS:
            back = points[row - 1, form.time] - points[row, form.time]
            raise ValueError(f":{line}: the time goes back by {back:g} ms; at most {MAX_STEP_BACK_MS} are passed over")
    return points, np.array([stroke for _, stroke, _ in rows], np.int64)


def in_order(points: np.ndarray, time: int) -> np.ndarray:
    """The points [T, F] with no time before the one above it."""
    return np.concatenate(
        [points[:, :time], np.maximum.accumulate(points[:, time : time + 1]), points[:, time + 1 :]], axis=1
    )


def _rows(lines: list[str], form: PenFormat, first: int) -> Iterator[tuple[int, int, list[float]]]:
    """Line number, stroke and values of every point; a mark ends the stroke before it."""
    stroke, size = 0, 0
    for line, text in enumerate(lines, first):
        if text.strip() in form.marks:
            stroke, size = stroke + (size > 0), 0
        elif text.strip():
            size += 1
            yield line, stroke, _values(line, text, form)


def _values(line: int, text: str, form: PenFormat) -> list[float]:
    values = text.split(form.separator)
    if len(values) != form.columns:
        raise ValueError(f":{line}: {len(values)} values; a point has {form.columns}")
    try:
        return [float(value) for value in values]
    except ValueError as error:
        raise ValueError(f":{line}: {reason(error)}") from error


def _check_count(head: str, count: int) -> None:
    if not head.strip().isdecimal():
        raise ValueError(f":1: {shown(head)!r}; the first line is the number of points")
    if int(head) != count:
        raise ValueError(f":1: {int(head):,} points are announced and {count:,} follow; the file is torn")
