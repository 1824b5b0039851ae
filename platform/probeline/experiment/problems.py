"""Mistakes in an experiment, each with its line, reported together."""

import difflib
import heapq
import json
import re
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from probeline.errors import UserError
from probeline.storage.redaction import redacted

MAX_SHOWN = 60
MAX_PROBLEMS = 50
"""After so many mistakes a file is not checked further: every one costs a search for what was meant."""
MAX_COMPARED = 50
"""Names that a misspelt one is compared with letter by letter; of more, those that begin and end most alike."""
LONGEST_NAME = 200
MAX_LISTED = 200
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that end a line, move the cursor, reorder what stands beside them, or are no text at all."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""The marks by which a log sets colours, which a remote job's may have."""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake: `location` is `file:line` or the `--set` text, `path` the dotted path or ''."""

    location: str
    path: str
    message: str

    def __str__(self) -> str:
        path = self.path if len(self.path) <= LONGEST_NAME else f"{self.path[: LONGEST_NAME - 3]}..."
        return f"{self.location} {path}: {self.message}" if path else f"{self.location}: {self.message}"


class SpecError(UserError):
    """An experiment with mistakes; `problems` has them in the order of the file, at most MAX_PROBLEMS."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(dict.fromkeys(problems))[:MAX_PROBLEMS]
        more = ["these are the first mistakes, there may be more"] if is_full(self.problems) else []
        super().__init__("\n".join([*map(str, self.problems), *more]))


def is_full(problems: Sized) -> bool:
    """Whether there are so many mistakes that looking for more would only cost time."""
    return len(problems) >= MAX_PROBLEMS


def dotted(path: Path) -> str:
    """("grid", "method", 1) -> `grid.method[1]`; characters that would break a line are escaped."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return printable(text.removeprefix("."))


def printable(text: str) -> str:
    """`text` on one line: control characters, marks of direction and lone surrogates escaped."""
    return CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def safe(text: str) -> str:
    """`text` as a terminal may show it: without logins, keys or colours; no character of a line moves its cursor."""
    return "\n".join(map(printable, redacted(COLOUR.sub("", text)).split("\n")))


def shown(value: Any) -> str:
    """A value as YAML would have it, cut at 60 characters."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=repr, ensure_ascii=False)
    text = printable(text)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The likeliest of `names` for a misspelt `name`, or None; the time is linear in their number."""
    if len(name) > LONGEST_NAME:
        return None
    candidates = [candidate for candidate in names if len(candidate) <= LONGEST_NAME]
    if len(candidates) > MAX_COMPARED:
        candidates = heapq.nlargest(MAX_COMPARED, candidates, key=lambda other: _ends_alike(name, other))
    return next(iter(difflib.get_close_matches(name, candidates, 1)), None)


def _ends_alike(name: str, other: str) -> int:
    """Letters at the beginning that both names share, and those at the end."""
    return _alike(name, other) + _alike(reversed(name), reversed(other))


def _alike(letters: Iterable[str], others: Iterable[str]) -> int:
    """How many letters are the same before the first that differs."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(letters, others, strict=False)))


def unknown(name: str, names: Sequence[str]) -> str:
    """The message for a name that is not among `names`."""
    near = nearest(name, names)
    return f"unknown; did you mean {near!r}?" if near else f"unknown; allowed: {listing(names) or 'nothing here'}"


def listing(names: Sequence[str]) -> str:
    """Names with commas between; of very many the first."""
    more = f", and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more
