"""The shapes of `probeline.cli.shapes`, read from their words, and whether a value has one."""

import re
from typing import Any

from probeline.cli.shapes import SHAPES, TRIAL


def shape_of(command: str, form: str = "--json: ") -> Any:
    """A dict of shapes, a list of one shape, or None for a value in words; `form`: the words before the shape.

    Raises ValueError for a key that is not named, such as `...`.
    """
    text = SHAPES[command].replace("[TRIAL]", f"[{TRIAL}]")
    return _parsed(text, text.index(form) + len(form))[0]


def _parsed(text: str, at: int) -> tuple[Any, int]:
    """The shape that begins at a position, and the position after it."""
    if text[at] == "{":
        keys: dict[str, Any] = {}
        while text[at] != "}":
            at += 1 if text[at] == "{" else 2
            name = re.match(r"\w+", text[at:])
            if name is None:
                raise ValueError(f"no name of a key: {text[at : at + 20]!r}")
            at += name.end()
            keys[name.group()], at = _parsed(text, at + 2) if text[at] == ":" else (None, at)
        return keys, at + 1
    if text[at] == "[":
        items = []
        while text[at] != "]":
            item, at = _parsed(text, at + (1 if text[at] == "[" else 2))
            items.append(item)
        return items if len(items) == 1 else None, at + 1
    words = re.match(r"[^,\]}]*", text[at:])
    assert words is not None
    return None, at + words.end()


def check(shape: Any, value: Any, where: str = "") -> None:
    """Fails unless every object in `value` has the keys of its shape and no other; null is a value of any shape."""
    if shape is None or value is None:
        return
    if isinstance(shape, list):
        assert isinstance(value, list), f"{where}: {value!r} is no list"
        for number, each in enumerate(value):
            check(shape[0], each, f"{where}[{number}]")
        return
    assert isinstance(value, dict), f"{where}: {value!r} is no object"
    any_key = [name for name in shape if name.isupper()]
    named = shape.keys() - set(any_key)
    assert named <= value.keys(), f"{where} lacks {sorted(named - value.keys())}"
    assert any_key or value.keys() <= named, f"{where} has {sorted(value.keys() - named)}, which its help does not name"
    for key, each in value.items():
        check(shape[key if key in named else any_key[0]], each, f"{where}.{key}")
