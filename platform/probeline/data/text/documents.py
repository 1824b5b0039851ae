"""Documents of a text: by blank lines, by lines, or the whole text."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from probeline.data.split import SPLIT_SEED
from probeline.data.text.reading import text_blocks
from probeline.data.text.settings import Division

LINE_END, BLANK_LINES, NOTHING = re.compile(r"\n"), re.compile(r"\n(?:[ \t]*\n)+"), re.compile(r"(?!)")

BOUNDARIES = {"line": re.compile(rb"\n"), "blank_line": re.compile(rb"(?<=[^\n \t])\n(?:[ \t]*\n)+"), "file": None}
"""Where a file may be cut: a run of blank lines only as a whole, wherever the search begins."""


def documents_in(path: Path, division: Division) -> list[str]:
    """The documents of a file in order. Raises as `text_blocks`."""
    return [part for text in text_blocks(path, BOUNDARIES[division]) for part in documents_of(text, division)]


def documents_of(text: str, division: Division) -> list[str]:
    """The documents in order, without the white space around them; empty ones are left out."""
    parts = {"line": LINE_END, "blank_line": BLANK_LINES, "file": NOTHING}[division].split(text)
    stripped = (part.strip("\n") for part in parts)
    return [part for part in stripped if part and not part.isspace()]


def held_out(documents: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """The documents without a random share of them, and that share, both in order; the same for every seed."""
    count = min(max(1, round(share * len(documents))), len(documents) - 1)
    order = np.random.Generator(np.random.PCG64(SPLIT_SEED)).permutation(len(documents))
    chosen = set(order[:count].tolist())
    return (
        [document for number, document in enumerate(documents) if number not in chosen],
        [document for number, document in enumerate(documents) if number in chosen],
    )
