"""Text from specs, tags and data as Markdown that shows it as it is: no link, no HTML, no list, on one line."""

import re
import unicodedata

LEADING = re.compile(r"^(?=[-+=]|[0-9]+[.)](?:\s|$))([0-9]*)(.)")
"""What begins a list, or a line under a heading."""

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!$&])")
_BREAKS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of what is no letter of a line: controls, other line ends


def one_line(value: object) -> str:
    """Text without what ends a line or cannot be seen, a space in place of each: for files that others read."""
    return "".join(" " if unicodedata.category(c) in _BREAKS else c for c in str(value))


def escaped(value: object) -> str:
    """`one_line` text in which every character that Markdown or HTML gives a meaning is escaped."""
    return SPECIAL.sub(r"\\\1", one_line(value).strip())


def at_line_start(markdown: str) -> str:
    """Escaped text that begins a line: it begins no list and no heading."""
    return LEADING.sub(r"\1\\\2", markdown)
