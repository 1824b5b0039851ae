"""Your own labelled texts: CSV, TSV or JSON lines, with one text or two and any label columns.

Where there is no test file, a stratified share of the rows is held out, the same for every seed.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from probeline.core.settings import NotHashed
from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import user_path
from probeline.data.text.settings import TextSettings
from probeline.data.text.table_texts import table_splits
from probeline.data.text.tables import rows_of

GIVES = "tokens"
LABELS = ("*",)
LISTS = ()


class Config(TextSettings):
    """Paths stay outside identity: what they hold enters it by content. Columns without a header are 1, 2, ..."""

    path: Annotated[str, NotHashed] = Field(min_length=1, description="The table, .csv, .tsv or .jsonl, or .gz of one.")
    validation_path: Annotated[str | None, NotHashed] = Field(None, description="Likewise, the validation split.")
    test_path: Annotated[str | None, NotHashed] = Field(None, description="Likewise, the test split.")
    text: list[str] = Field(["text"], min_length=1, description="Columns of the text, joined by a space.")
    pair: list[str] = Field([], description="Columns of the second text of a pair.")
    labels: list[str] = Field(["label"], description="Columns of labels, the main one first; none is fine.")
    header: bool = Field(True, description="Whether the first row has the columns' names.")
    quoted: bool = Field(True, description="Whether quotation marks enclose cells; false: they are text.")
    test: float = Field(0.2, gt=0, le=0.5, description="Share of the rows for testing, where there is no test file.")


def files(config: Config) -> list[Path]:
    """The tables."""
    return list(_paths(config).values())


def read(config: Config) -> ReadSplits:
    """The splits. Raises BadData, UserError."""
    paths = _paths(config)
    rows = {split: rows_of(path, header=config.header, quoted=config.quoted) for split, path in paths.items()}
    columns = [config.text, config.pair] if config.pair else [config.text]
    return table_splits(rows, columns, {label: label for label in config.labels}, config, config.test)


def _paths(config: Config) -> dict[str, Path]:
    paths = {"train": config.path, "validation": config.validation_path, "test": config.test_path}
    return {split: user_path(path) for split, path in paths.items() if path}
