"""Transcripts as characters: what is spoken in a clip, letter by letter, stored as segments over the whole clip."""

from collections.abc import Sequence

import numpy as np

from probeline.core.lists import Segments

NAME = "characters"
"""The name of these segments: in order of the text, each over the whole clip, as nothing says when it is spoken."""

ALPHABET = ("|", "'", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""The boundary between words, and the 27 characters of LibriSpeech's transcripts."""


def normalised(text: str) -> str:
    """Capitals, apostrophes, and one boundary between words; other signs separate words too."""
    signs = "".join(sign if sign in ALPHABET[1:] else " " for sign in text.upper().replace("’", "'"))
    return "|".join(signs.split())


def characters(texts: Sequence[str], lengths: np.ndarray) -> Segments:
    """The characters of each clip's transcript; lengths: int64 [N] samples of the clips."""
    numbers = {character: number for number, character in enumerate(ALPHABET)}
    spelt = [[numbers[character] for character in normalised(text)] for text in texts]
    counts = np.array([len(each) for each in spelt], np.int64)
    rows = np.repeat(np.arange(len(texts)), counts)
    labels = np.array([number for each in spelt for number in each], np.int64)
    return Segments(rows, np.zeros(len(rows), np.int64), lengths[rows].astype(np.int64), labels)
