"""Samples that a trial's files show: tiles of a sheet, or texts."""

import hashlib
from dataclasses import dataclass

from probeline.report.panels.gallery import Sheets, TileSheet, tile_sheet
from probeline.report.panels.trial_selection import SelectedTrial
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


def shown_samples(one: SelectedTrial, facts: dict, picture: str, sheets: Sheets) -> TileSheet | TextList:
    """The texts that the JSON file `facts` has, on one line each, else the tiles of the trial's file `picture`.

    Raises ValueError, KeyError.
    """
    if "texts" in facts:
        return TextList(tuple(clean(str(text)[:MAX_CHARACTERS]) for text in facts["texts"]))
    return tile_sheet(sheets.add(one.files[picture]), facts["sheet"])
