"""Your own running text: a file, a folder of .txt or .txt.gz, in documents by blank line, by line or by file.

Where there are no files for validation and test, whole documents are held out at random, the same for every seed.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from probeline.core.settings import NotHashed
from probeline.data.read_report import ReadSplits
from probeline.data.source_paths import shown, user_path
from probeline.data.text.documents import documents_in, held_out
from probeline.data.text.reading import text_files
from probeline.data.text.settings import Division, RunningTextSettings
from probeline.data.text.token_splits import running_text
from probeline.errors import BadData

GIVES = "tokens"
LABELS = ()
LISTS = ()


class Config(RunningTextSettings):
    """Paths stay outside identity: what they hold enters it by content."""

    path: Annotated[str, NotHashed] = Field(min_length=1, description="File or folder of the training text.")
    validation_path: Annotated[str | None, NotHashed] = Field(None, description="Likewise, the validation split.")
    test_path: Annotated[str | None, NotHashed] = Field(None, description="Likewise, the test split.")
    documents: Division = Field("blank_line", description="What separates documents; `file`: each file is one.")
    test: float = Field(
        0.1, gt=0, le=0.4, description="Share of documents for each of validation and test, where a path is absent."
    )


def files(config: Config) -> list[Path]:
    """Every file of text. Raises UserError."""
    return [file for path in _paths(config).values() for file in text_files(path)]


def read(config: Config) -> ReadSplits:
    """The three splits. Raises BadData, UserError."""
    documents = {
        split: [part for file in text_files(path) for part in documents_in(file, config.documents)]
        for split, path in _paths(config).items()
    }
    remarks = []
    for split in ("test", "validation"):
        if split not in documents:
            if len(documents["train"]) < 3:
                raise BadData(
                    f"{shown(config.path)}: {len(documents['train'])} document(s), too few to hold out a {split} "
                    f"split; give data.{split}_path, or divide the text: data.documents is {config.documents}"
                )
            documents["train"], documents[split] = held_out(documents["train"], config.test)
            remarks.append(f"{split}: {len(documents[split]):,} documents, held out at random")
    return running_text(documents, config, remarks)


def _paths(config: Config) -> dict[str, Path]:
    paths = {"train": config.path, "validation": config.validation_path, "test": config.test_path}
    return {split: user_path(path) for split, path in paths.items() if path}
