"""An experiment file with everything that it extends, written out as one, each value with the line that wrote it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from probeline.experiment.extends import KEY, SpecTree, read
from probeline.experiment.problems import Path, dotted
from probeline.experiment.schema import Experiment
from probeline.experiment.yaml_source import read_file

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
RESERVED = frozenset(("true", "false", "null"))
WIDTH = 100
"""Characters of a list or mapping on one line; longer ones go over several."""
COMMENT_COLUMN = 60


def rendered(tree: SpecTree) -> str:
    """The experiment as YAML that reads as the same tree without `extends`; behind each value where it stands."""
    return "".join(f"{line}\n" for line in _mapping(_experiment(tree), (), tree, 0))


def origins(tree: SpecTree) -> dict[str, dict[str, Any]]:
    """Each value that is no mapping, by its dotted path, with its `file:line`."""
    leaves = ((dotted(path), value) for path, value in _leaves(_experiment(tree)))
    return {path: {"value": value, "origin": tree.source.where(path)} for path, value in leaves}


def _experiment(tree: SpecTree) -> dict[str, Any]:
    """The tree without `extends`, its keys in the order of the experiment language."""
    order = {key: number for number, key in enumerate(Experiment.model_fields)}
    keys = sorted(tree.value, key=lambda key: order.get(key, len(order)))
    return {key: tree.value[key] for key in keys if key != KEY}


def _leaves(value: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    """What is no mapping, or an empty one, with its path; in order."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, dict) and one:
            waiting += [((*path, key), item) for key, item in reversed(one.items())]
        else:
            yield path, one


def _mapping(value: dict[str, Any], path: Path, tree: SpecTree, depth: int) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{'  ' * depth}{_text(key)}:", item, (*path, key), tree, depth + 1)


def _entry(start: str, item: Any, path: Path, tree: SpecTree, depth: int) -> Iterator[str]:
    """A key or a dash with its value, behind it or below it."""
    flow = in_one_line(item)
    if isinstance(item, dict) and item and (len(start) + len(flow) > WIDTH or depth < 2 or _mixed(item, path, tree)):
        yield start
        yield from _mapping(item, path, tree, depth)
    elif isinstance(item, list) and item and len(start) + len(flow) > WIDTH:
        yield start
        for index, each in enumerate(item):
            yield _commented(f"{'  ' * depth}- {in_one_line(each)}", (*path, index), tree)
    else:
        yield _commented(f"{start} {flow}", path, tree)


def _mixed(item: dict[str, Any], path: Path, tree: SpecTree) -> bool:
    """Whether its values stand on several lines, so that one comment could not name them all."""
    return len({tree.source.where(dotted((*path, *below))) for below, _ in _leaves(item)}) > 1


def _commented(text: str, path: Path, tree: SpecTree) -> str:
    return f"{text:{COMMENT_COLUMN}}  # {tree.source.where(dotted(path))}"


def in_one_line(value: Any) -> str:
    """A value on one line, as YAML 1.2 reads it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)}: {in_one_line(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(in_one_line, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """A string as YAML 1.2 reads it: plain where that is plain, else in double quotes on one line."""
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)


def whole_text(path: FilePath) -> str:
    """The text of a file as it is; of one that extends others all of it in one. Raises SpecError."""
    tree = read(path)
    return rendered(tree) if len(tree.files) > 1 else read_file(path)
