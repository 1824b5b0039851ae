"""A user's mistakes in an experiment, each with its place, all told at once."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from probeline.errors import UserError

LONGEST = 60
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that end a line, move the cursor, reorder what stands beside them, or are no text at all."""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake: `place` is `file:line` or the `--set` text, `path` the dotted path, '' where the place says it."""

    place: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.place} {self.path}: {self.message}" if self.path else f"{self.place}: {self.message}"


class SpecError(UserError):
    """An experiment with mistakes; `problems` has them in the order of the file."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def dotted(path: Path) -> str:
    """("grid", "method", 1) -> `grid.method[1]`; characters that would break a line are escaped."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return printable(text.removeprefix("."))


def printable(text: str) -> str:
    """`text` on one line: control characters, marks of direction and lone surrogates escaped."""
    return CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def shown(value: Any) -> str:
    """A value as YAML would have it, cut at 60 characters."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=repr, ensure_ascii=False)
    text = printable(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The likeliest of `known` for a misspelt `name`, or None."""
    return next(iter(difflib.get_close_matches(name, list(known), 1)), None)


def unknown(name: str, known: Sequence[str]) -> str:
    """What to say of a name that is not among `known`."""
    near = nearest(name, known)
    return f"unknown; did you mean {near!r}?" if near else f"unknown; allowed: {', '.join(known) or 'nothing here'}"
