"""Samples that a report shows: texts as their tokens say, samples of other kinds as tiles of a sheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.events import Artifact
from probeline.core.sample_spec import SampleSpec
from probeline.data.text import tokenizer as tokenizers
from probeline.evaluation._tiles import tiles_of, write_sheet

CHARACTERS = 160
"""Of a text at most: about two lines."""

Rows = tuple[Split, np.ndarray]
"""A split, and int64 [n] rows of it."""


def shown_samples(
    parts: Sequence[Rows], sample: SampleSpec, side: int, sheet: Path
) -> tuple[dict[str, Any], list[Artifact]]:
    """What a JSON file says of these samples, `texts` or the `sheet` that is written, and that sheet.

    `side`: pixels of a tile's longer side at most. Raises NotApplicable where samples have neither picture nor text.
    """
    if sample.modality == "tokens":
        return {"texts": [text for part in parts for text in texts_of(*part, sample)]}, []
    tiles = torch.cat([tiles_of(*part, sample, side) for part in parts])
    return {"sheet": write_sheet(tiles, sheet)}, [Artifact(sheet.name, sheet)]


def texts_of(part: Split, rows: np.ndarray, sample: SampleSpec) -> list[str]:
    """The beginning of the text of each of these rows. Raises NotApplicable where the tokeniser is unknown."""
    tokenizer = tokenizers.load(sample.tokenizer)
    return [shortened(tokenizer.decode(beginning(part, int(row), CHARACTERS + 1).tolist())) for row in rows]


def beginning(part: Split, row: int, count: int) -> Tensor:
    """The first tokens of a sample, int64 [T], T at most `count`."""
    sample = part.inputs.row(row) if isinstance(part.inputs, Ragged) else part.inputs[row]
    return torch.from_numpy(sample[:count].astype("int64"))


def shortened(text: str) -> str:
    """On one line, cut after CHARACTERS with a sign of it."""
    line = " ".join(text.split())
    return line if len(line) <= CHARACTERS else line[: CHARACTERS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
