"""YAML reader: the 1.2 core scalars, a line for every value, duplicate keys refused, work bounded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from probeline.experiment.problems import Path, Problem, SpecError, dotted, is_full, printable, shown
from probeline.experiment.yaml_nodes import MAX_LEVELS, MAX_NODES, NULL, Composer, Node
from probeline.storage.regular_files import open_regular, reason

MAX_CHARACTERS = 1_000_000
MAX_PATH_CHARACTERS = 20_000_000
"""All values' dotted paths together: long keys over many values."""

TRUE, FALSE = re.compile(r"true|True|TRUE"), re.compile(r"false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
SURROGATE = re.compile("[\ud800-\udfff]")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass
class SpecSource:
    """Where values stand: `name` is the file as the user wrote it, `lines` dotted path -> line.

    `files`: dotted path -> file, of what stands in a file that this one extends.
    """

    name: str
    lines: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def where(self, path: str) -> str:
        """`file:line` of a dotted path; of the nearest path above it where it is not in the file."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return f"{self.files.get(path, self.name)}:{self.lines.get(path, 1)}"

    def problem(self, path: Path, message: str) -> Problem:
        """A mistake at `path`."""
        return Problem(self.where(dotted(path)), dotted(path), message)


def read_file(path: FilePath) -> str:
    """The text of a file. Raises SpecError for one that is missing, unreadable, too large or not UTF-8."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_CHARACTERS + 1)
    except FileNotFoundError:
        raise SpecError([Problem(printable(str(path)), "", _missing(path))]) from None
    except IsADirectoryError:
        message = "a folder; name the experiment's YAML file in it"
        raise SpecError([Problem(printable(str(path)), "", message)]) from None
    except (OSError, ValueError) as error:
        raise SpecError([Problem(printable(str(path)), "", f"cannot be read: {reason(error)}")]) from None
    if len(content) > MAX_CHARACTERS:
        raise SpecError([Problem(printable(str(path)), "", "larger than 1 MB; an experiment is a short text")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8 text"
        raise SpecError([Problem(f"{printable(str(path))}:{line}", "", message)]) from None


def parse(text: str, name: str) -> tuple[Any, SpecSource, list[Problem]]:
    """The plain value of a YAML text, where its parts stand, and mistakes that leave the rest readable.

    Raises SpecError where nothing can be read at all.
    """
    source = SpecSource(printable(name))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise SpecError([Problem(source.where(""), "", "not UTF-8; save the file as UTF-8 text")]) from None
    if len(text) > MAX_CHARACTERS:
        raise SpecError([Problem(source.where(""), "", "larger than 1 MB; an experiment is a short text")])
    try:
        root = Composer(source.name).compose(text)
    except yaml.YAMLError as error:
        raise SpecError([_syntax(source, error)]) from None
    if root is None:
        raise SpecError([Problem(source.where(""), "", "empty; an experiment needs at least name and base")])
    expansion = _Expansion(source)
    return expansion.plain(root, ()), source, expansion.problems


def _missing(path: FilePath) -> str:
    return "no such file" if path.parent.is_dir() else f"no such file, nor the folder {shown(str(path.parent))}"


def _syntax(source: SpecSource, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reported = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    location = f"{source.name}:{mark.line + 1}" if mark else source.where("")
    return Problem(location, "", printable(f"not YAML: {reported}"))


class _Expansion:
    """Nodes to plain values: aliases and merge keys followed within bounds, lines noted, mistakes collected."""

    def __init__(self, source: SpecSource) -> None:
        self.source, self.nodes, self.characters = source, 0, 0
        self.problems: list[Problem] = []

    def plain(self, node: Node, path: Path, text: str = "") -> Any:
        """The value of a node at `path`, of which `text` is the dotted form."""
        self._count(node, path)
        self.characters += len(text)
        if self.characters > MAX_PATH_CHARACTERS:
            self._refuse(node, path, "its keys are too long for so many values; shorten them")
        self.source.lines.setdefault(text, node.line)
        if node.is_mapping:
            entries = self._entries(node, path, text)
            return {key: self.plain(child, (*path, key), _below(text, key)) for key, child in entries}
        if isinstance(node.value, list):
            return [self.plain(child, (*path, at), f"{text}[{at}]") for at, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _count(self, node: Node, path: Path, depth: int = 0) -> None:
        """Counts a visit of a node, whether or not it gives a value: a merge of nothing takes its time too."""
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) + depth > MAX_LEVELS:
            limit = f"{MAX_NODES:,} values" if self.nodes > MAX_NODES else f"{MAX_LEVELS} levels"
            self._refuse(node, path, f"more than {limit} after following its aliases")

    def _entries(self, node: Node, path: Path, text: str, depth: int = 0) -> Iterator[tuple[str, Node]]:
        """A mapping's entries: its own keys, each once, before what it merges in; `depth` counts nested merges."""
        first: dict[str, int] = {}
        merges: list[Node] = []
        for key, child in node.value:
            self._count(key, path, depth)
            if key.plain and key.value == "<<":
                merges.append(child)
            elif wrong := _wrong_key(key):
                self._report(key.line, path, wrong)
            elif key.value in first:
                message = f"given twice, first on line {first[key.value]}; keep one"
                self._report(key.line, (*path, key.value), message)
            else:
                first[key.value] = key.line
                self.source.lines.setdefault(_below(text, key.value), key.line)
                yield key.value, child
        for merged in merges:
            for key, child in self._merged(merged, path, text, depth + 1):
                if key not in first:
                    first[key] = child.line
                    yield key, child

    def _merged(self, node: Node, path: Path, text: str, depth: int) -> Iterator[tuple[str, Node]]:
        for mapping in [node] if node.is_mapping or isinstance(node.value, str) else node.value:
            self._count(mapping, path, depth)
            if not mapping.is_mapping:
                self._report(mapping.line, (*path, "<<"), "merges a value that is not a mapping")
                continue
            yield from self._entries(mapping, path, text, depth)

    def _scalar(self, node: Node, path: Path) -> Any:
        text = node.value
        if not node.plain:
            return self._text(node, path)
        if NULL.fullmatch(text):
            return None
        if TRUE.fullmatch(text) or FALSE.fullmatch(text):
            return text.lower() == "true"
        if INTEGER.fullmatch(text):
            return self._integer(node, path)
        if FLOAT.fullmatch(text) and abs(float(text)) != float("inf"):
            return float(text)
        if FLOAT.fullmatch(text) or NOT_FINITE.fullmatch(text):
            self._report(node.line, path, f"got {shown(text)}; a number must be finite")
            return 0.0
        return self._text(node, path)

    def _integer(self, node: Node, path: Path) -> int:
        text = node.value
        if len(text) > 18:
            self._report(node.line, path, f"got {shown(text)}; a whole number has at most 18 digits")
            return 0
        prefixed = text[:2].lower() in ("0x", "0o")
        return int(text, 0) if prefixed else int(text)

    def _text(self, node: Node, path: Path) -> str:
        if SURROGATE.search(node.value):
            self._report(node.line, path, f"got {shown(node.value)}; half of a surrogate pair is no text")
            return ""
        return node.value

    def _report(self, line: int, path: Path, message: str) -> None:
        self.problems.append(Problem(f"{self.source.name}:{line}", dotted(path), message))
        if is_full(self.problems):
            raise SpecError(self.problems)

    def _refuse(self, node: Node, path: Path, message: str) -> None:
        raise SpecError([Problem(f"{self.source.name}:{node.line}", dotted(path[:3]), message)])


def _below(text: str, key: str) -> str:
    """The dotted path of `key` below the dotted path `text`."""
    return f"{text}.{printable(key)}" if text else printable(key)


def _wrong_key(key: Node) -> str | None:
    """What is wrong with the key of a mapping, or None."""
    if not isinstance(key.value, str) or key.value == "" or SURROGATE.search(key.value):
        return "a key that is not a plain word"
    if key.value.count(".") >= MAX_LEVELS:
        return f"got the key {shown(key.value)}; allowed: at most {MAX_LEVELS} words with dots between them"
    return None
