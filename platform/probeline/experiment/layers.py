"""Experiment files laid over each other: mappings are merged, a component or a list replaces what was there."""

from dataclasses import dataclass, field
from typing import Any

from probeline.experiment.problems import Path, dotted
from probeline.experiment.yaml_source import SpecSource

EVERYTHING = 50
MERGED_LEVELS = {"base": EVERYTHING, "scales": 3, "report": 2, "tune": 2, "grid": 1, "arms": 1, "resources": 1}
"""How many levels below a top-level key are merged, by key; others are replaced whole.

So an axis, an arm and a figure list are replaced; a scale's `set` and `grid` are merged key by key.
"""


@dataclass
class Layers:
    """The value of the files laid so far, and which of them wrote each part.

    `writers`: path -> the number of the file that wrote what stands there, and below unless a later file wrote it.
    """

    value: dict[str, Any] = field(default_factory=dict)
    sources: list[SpecSource] = field(default_factory=list)
    writers: dict[Path, int] = field(default_factory=dict)

    def lay(self, tree: dict[str, Any], source: SpecSource) -> None:
        """Lays a file's tree over what there is."""
        self.sources.append(source)
        self.value = self._merged(self.value, tree, (), 1)

    def source(self, own: SpecSource) -> SpecSource:
        """Where every part of the value stands; `own`: those of the experiment's own file."""
        whole = SpecSource(own.name, dict(own.lines) if len(self.sources) == 1 else {"": own.lines.get("", 1)})
        if len(self.sources) > 1:
            whole.lines |= {path: line for path, line in own.lines.items() if path.startswith("extends")}
            self._note(whole, self.value, (), -1)
        return whole

    def _merged(self, below: Any, above: Any, path: Path, levels: int) -> Any:
        """`above` laid over `below`, both mappings, down to so many levels."""
        both = dict(below)
        for key, item in above.items():
            at = (*path, key)
            deeper = MERGED_LEVELS.get(key, 0) if not path else levels - 1
            under, item = _alike(both.get(key), item, at)
            if deeper > 0 and isinstance(under, dict) and isinstance(item, dict) and not _replaces(item, at):
                both[key] = self._merged(under, item, at, deeper)
            else:
                both[key] = item
                self.writers[at] = len(self.sources) - 1
        return both

    def _note(self, whole: SpecSource, value: Any, path: Path, writer: int) -> None:
        """Notes the line of every part, of the file that wrote it last."""
        writer = max(writer, self.writers.get(path, -1))
        text = dotted(path)
        if writer >= 0:
            source = self.sources[writer]
            name, _, line = source.where(text).rpartition(":")
            whole.lines[text] = int(line)
            if name != whole.name:
                whole.files[text] = name
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in inner:
            self._note(whole, item, (*path, key), writer)


def _replaces(item: dict[str, Any], path: Path) -> bool:
    """Whether a mapping is a component of its own, which replaces the one below: it has a name."""
    return path[0] == "base" and "name" in item


def _alike(under: Any, item: Any, path: Path) -> tuple[Any, Any]:
    """Both in a form that can be merged where the upper one is a mapping of parameters."""
    if path[0] == "base" and isinstance(item, dict) and "name" not in item:
        if path == ("base", "evaluation") and isinstance(under, str | list):
            return _protocols(under), item
        if len(path) > 1 and isinstance(under, str):
            return {"name": under}, item
    return under, item


def _protocols(written: Any) -> Any:
    """A protocol, or a list of them, as a mapping by name; as it is where it is wrong."""
    several = written if isinstance(written, list) else [written]
    listed = [each if isinstance(each, dict) else {"name": each} for each in several]
    names = [each.get("name") for each in listed]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return written
    return {each["name"]: {key: value for key, value in each.items() if key != "name"} for each in listed}
