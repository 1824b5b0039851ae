"""Samples that are texts, where samples of other kinds are tiles of a sheet."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from probeline.report.sentences.text import clean

MAX_CHARACTERS = 400


@dataclass(frozen=True)
class TextList:
    """The texts of a trial, by the numbers that tiles have; `name` is that of their content."""

    texts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The same for the same texts, whichever trial left them."""
        return "texts-" + hashlib.sha256("\0".join(self.texts).encode()).hexdigest()[:10]


def text_list(texts: Sequence[object]) -> TextList:
    """Texts as a JSON file has them, on one line each."""
    return TextList(tuple(clean(str(text)[:MAX_CHARACTERS]) for text in texts))
