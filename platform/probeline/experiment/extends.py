"""`extends` of an experiment file: the files that it starts from, read within bounds and laid under it."""

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from probeline.errors import UserError
from probeline.experiment.layers import Layers
from probeline.experiment.packages import spec_file
from probeline.experiment.problems import Path, Problem, SpecError, printable, shown
from probeline.experiment.yaml_source import MAX_CHARACTERS, SpecSource, parse, read_file

KEY = "extends"
MAX_FILES = 30
"""Files of one experiment, one counted again each time that another names it."""
MAX_DEPTH = 10
"""How long a chain of files may be, each extending the next."""


@dataclass(frozen=True)
class SpecTree:
    """An experiment's plain value with everything that it extends laid under it, and where its parts stand.

    `problems`: mistakes in the YAML that leave the rest readable. `files`: every file that was read, the first is the
    experiment's own.
    """

    value: Any
    source: SpecSource
    problems: list[Problem]
    files: list[FilePath]


def read(path: FilePath) -> SpecTree:
    """The tree of a file. Raises SpecError where it, or a file that it extends, cannot be read at all."""
    return read_text(read_file(path), str(path))


def read_text(text: str, name: str) -> SpecTree:
    """The tree of a text that stands in the file `name`: what it extends is relative to that file's folder.

    Raises SpecError as `read` does.
    """
    reading = _Reading()
    value = reading.lay(text, FilePath(name), name, ())
    if not isinstance(value, dict):
        return SpecTree(value, reading.sources[0], reading.problems, reading.files)
    # What the file itself extends stays in sight; what those files extend is laid already.
    own = {KEY: reading.own} if reading.own is not None else {}
    return SpecTree(own | value, reading.layers.source(reading.sources[0]), reading.problems, reading.files)


@dataclass
class _Reading:
    """One experiment's files while they are read, the deepest laid first."""

    layers: Layers = field(default_factory=Layers)
    sources: list[SpecSource] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: list[FilePath] = field(default_factory=list)
    own: Any = None
    characters: int = 0

    def lay(self, text: str, path: FilePath, name: str, chain: tuple[FilePath, ...]) -> Any:
        """Lays a file over all that it extends; `chain`: the files that led here. Returns the tree so far."""
        tree, source, mistakes = parse(text, name)
        self.files.append(path)
        self.sources.append(source)
        self.problems += mistakes
        self.characters += len(text)
        if not isinstance(tree, dict):
            if chain:
                message = f"got {shown(tree)}; allowed: a mapping with base, grid, ..."
                raise SpecError([source.problem((), message)])
            return tree
        named = tree.get(KEY)
        if not chain:
            self.own = named
        for at, each in _named(named):
            self._extend(each, path, source, at, (*chain, path))
        self.layers.lay({key: item for key, item in tree.items() if key != KEY}, source)
        return self.layers.value

    def _extend(self, named: str, by: FilePath, source: SpecSource, at: Path, chain: tuple[FilePath, ...]) -> None:
        """Lays the file that another one names at `at`."""
        path = _file(named, by, source, at)
        same = [index for index, one in enumerate(chain) if _same(one, path)]
        if same:
            files = " -> ".join(printable(str(one)) for one in (*chain[same[0] :], path))
            raise SpecError([source.problem(at, f"extends itself: {files}")])
        if len(chain) >= MAX_DEPTH:
            raise SpecError([source.problem(at, f"a chain of more than {MAX_DEPTH} files, each extending the next")])
        if len(self.files) >= MAX_FILES:
            raise SpecError(
                [source.problem(at, f"more than {MAX_FILES} files, each counted every time that it is read")]
            )
        try:
            text = read_file(path)
        except SpecError as error:
            (problem,) = error.problems
            raise SpecError([source.problem(at, f"{problem.location}: {problem.message}")]) from None
        if self.characters + len(text) > MAX_CHARACTERS:
            raise SpecError([source.problem(at, "with it the files are larger than 1 MB together")])
        self.lay(text, path, str(path), chain)


def _file(named: str, by: FilePath, source: SpecSource, at: Path) -> FilePath:
    """The file that another one names: relative to it, or `PACKAGE:NAME`. Raises SpecError."""
    beside = by.parent / named
    if ":" not in named or beside.exists():
        return beside
    try:
        return spec_file(named) if spec_file(named) != FilePath(named) else beside
    except UserError as error:
        raise SpecError([source.problem(at, str(error))]) from None


def _named(written: Any) -> list[tuple[Path, str]]:
    """The files of `extends` with their paths; validation says what is allowed where it is something else."""
    several = [((KEY, index), each) for index, each in enumerate(written)] if isinstance(written, list) else []
    every: list[tuple[Path, Any]] = [*several] or [((KEY,), written)]
    return [(at, each) for at, each in every if isinstance(each, str) and each]


def _same(one: FilePath, other: FilePath) -> bool:
    """Whether two paths lead to one file, whatever links they go by."""
    try:
        return one.resolve() == other.resolve()
    except (OSError, RuntimeError):  # a circle of links, which reading reports
        return one == other
