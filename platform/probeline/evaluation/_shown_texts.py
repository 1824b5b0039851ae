"""Texts that a report shows, as their tokens say: what a picture is for samples of other kinds."""

import numpy as np

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.data.text import tokenizer as tokenizers

CHARACTERS = 160
"""Of a text at most: about two lines."""


def texts_of(part: Split, rows: np.ndarray, sample: SampleSpec) -> list[str]:
    """The beginning of the text of each of these rows. Raises NotApplicable where the tokeniser is unknown."""
    tokenizer, column = tokenizers.load(sample.tokenizer), part.inputs
    values = (column.row(int(row)) if isinstance(column, Ragged) else column[row] for row in rows)
    return [shortened(tokenizer.decode(each[: CHARACTERS + 1].tolist())) for each in values]


def shortened(text: str) -> str:
    """On one line, cut after CHARACTERS with a sign of it."""
    line = " ".join(text.split())
    return line if len(line) <= CHARACTERS else line[: CHARACTERS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
