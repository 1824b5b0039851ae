"""YAML nodes: parser events put together, aliases resolved, tags and second documents refused, size bounded."""

import re
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from probeline.experiment.problems import Problem, SpecError, printable, shown

MAX_NODES = 100_000
"""Values of a file, those counted again that an alias or a merge key repeats."""
MAX_LEVELS = 50
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NULL = re.compile(r"|~|null|Null|NULL")


@dataclass
class Node:
    """A YAML node: `value` is a str, list[Node] or list[(Node, Node)]; plain scalars are still text."""

    line: int
    value: Any
    plain: bool = False

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.value, KeyValuePairs)


class KeyValuePairs(list):
    """The key and value nodes of a mapping, in the file's order."""


class Composer:
    """Parser events to nodes, iteratively, so that no depth of nesting exhausts the stack; `name`: the file's."""

    def __init__(self, name: str) -> None:
        self.name, self.nodes = name, 0
        self.anchors: dict[str, Node] = {}
        self.root: Node | None = None
        self.open: list[tuple[Node, str | None, list[Node]]] = []

    def compose(self, text: str) -> Node | None:
        documents = 0
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document; an experiment is one document")
            else:
                self._take(event)
        if self.root is not None and self.root.plain and NULL.fullmatch(self.root.value):
            return None
        return self.root

    def _take(self, event: yaml.Event) -> None:
        self.nodes += isinstance(event, yaml.NodeEvent)
        if self.nodes > MAX_NODES:
            self._refuse(event, f"more than {MAX_NODES:,} values; an experiment is a short text")
        if isinstance(event, yaml.AliasEvent):
            node = self.anchors.get(event.anchor or "")
            if node is None:
                self._refuse(event, f"*{event.anchor}: no complete anchor &{event.anchor} above it")
            self._add(node)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_tag(event)
            plain = event.implicit[0] and event.tag is None and not event.style
            self._finish(Node(_line(event), _paired(event.value), plain), event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_tag(event)
            if len(self.open) >= MAX_LEVELS:
                self._refuse(event, f"nested deeper than {MAX_LEVELS} levels")
            value = KeyValuePairs() if isinstance(event, yaml.MappingStartEvent) else []
            self.open.append((Node(_line(event), value), event.anchor, []))
        elif isinstance(event, yaml.CollectionEndEvent):
            node, anchor, children = self.open.pop()
            node.value.extend(zip(children[::2], children[1::2], strict=True) if node.is_mapping else children)
            self._finish(node, anchor)

    def _finish(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = node
        self._add(node)

    def _add(self, node: Node) -> None:
        if self.open:
            self.open[-1][2].append(node)
        else:
            self.root = node

    def _check_tag(self, event: Any) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self._refuse(event, f"the tag {shown(event.tag)}; tags have no meaning here, leave it out")

    def _refuse(self, event: yaml.Event, message: str) -> NoReturn:
        location = f"{self.name}:{_line(event)}"
        raise SpecError([Problem(location, "", printable(message))])


def _line(event: yaml.Event) -> int:
    """The line on which an event of a parser begins, from 1."""
    return event.start_mark.line + 1 if event.start_mark else 1


def _paired(text: str) -> str:
    """`text` with pairs of surrogates as the one character that they mean; JSON escapes write such pairs."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
