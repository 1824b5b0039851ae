"""Tiny Shakespeare: 1.1 million characters of plays; the last tenth is the test split.

The file `input.txt` of github.com/karpathy/char-rnn, folder data/tinyshakespeare; its text is in the public domain.
"""

from pathlib import Path

from probeline.data.read_report import ReadSplits
from probeline.data.text.own_folder import folder_of
from probeline.data.text.reading import read_text
from probeline.data.text.settings import NamedRunningText
from probeline.data.text.token_splits import running_text

GIVES = "tokens"
LABELS = ()
LISTS = ()

NAME = "input.txt"
TRAIN, VALIDATION = 0.85, 0.05


class Config(NamedRunningText):
    """The first 85% of the characters are for training, the next 5% for validation, the last 10% for testing."""

    chunk: int | None = 4096


def files(config: Config) -> list[Path]:
    """The one file. Raises UserError."""
    source = "https://github.com/karpathy/char-rnn/tree/master/data/tinyshakespeare"
    return [folder_of(config, "tinyshakespeare", (NAME,), source) / NAME]


def read(config: Config) -> ReadSplits:
    """Contiguous splits, each one document."""
    text = read_text(files(config)[0])
    first, second = int(TRAIN * len(text)), int((TRAIN + VALIDATION) * len(text))
    documents = {"train": [text[:first]], "validation": [text[first:second]], "test": [text[second:]]}
    return running_text(documents, config, [])
