"""The mistakes of spec files with line and column, as editors and pre-commit read them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from probeline.experiment.collection import check_collection
from probeline.experiment.collection_file import is_collection
from probeline.experiment.load import load
from probeline.experiment.problems import Problem, SpecError
from probeline.experiment.yaml_source import read_file

LOCATION = re.compile(r"(.*):(\d+)")
LAST_WORD = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)$")


@dataclass(frozen=True)
class Mistake:
    """One mistake; `line` and `column` from 1, `path` the dotted path or ''."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        message = f"{self.path}: {self.message}" if self.path else self.message
        return f"{self.file}:{self.line}:{self.column}: {message}"

    def as_dict(self) -> dict[str, Any]:
        """The fields, for programs."""
        return asdict(self)


def lint(paths: Iterable[Path]) -> Iterator[Mistake]:
    """Every mistake of these files, at all their scales, in order; one in a file that several extend comes once.

    Nothing is run, and no plug-in is imported.
    """
    seen: set[Mistake] = set()
    for path in paths:
        for mistake in _mistakes(path):
            if mistake not in seen:
                seen.add(mistake)
                yield mistake


def _mistakes(path: Path) -> Iterator[Mistake]:
    try:
        check_collection(path) if is_collection(path) else load(path)
    except SpecError as error:
        lines: dict[str, list[str]] = {}
        for problem in error.problems:
            yield _located(problem, lines)


def _located(problem: Problem, lines: dict[str, list[str]]) -> Mistake:
    """A problem with the column of its key, or of the first word of its line; `lines`: of the files read so far."""
    match = LOCATION.fullmatch(problem.location)
    file, line = (match[1], int(match[2])) if match else (problem.location, 1)
    if file not in lines:
        lines[file] = _lines(Path(file))
    text = lines[file][line - 1] if line <= len(lines[file]) else ""
    return Mistake(file, line, _column(text, problem.path), problem.path, problem.message)


def _lines(path: Path) -> list[str]:
    try:
        return read_file(path).splitlines()
    except SpecError:  # reported by its own problem
        return []


def _column(text: str, path: str) -> int:
    """Where the last word of a dotted path stands in its line, from 1."""
    word = LAST_WORD.search(path)
    key = re.search(rf"(?<![\w.]){re.escape(word[1])}(?=[\"']?\s*:)", text) if word else None
    if key is None:  # a key with dots, such as `training.lr` of the path `grid.training.lr`
        key = re.search(rf"[\w.]*{re.escape(word[1])}(?=[\"']?\s*:)", text) if word else None
    return (key.start() if key else len(text) - len(text.lstrip(" -"))) + 1
