"""Parameters that data sets of text share. Torch-free, for planning."""

from typing import Annotated, Any, Literal

from pydantic import Field

from probeline.core.settings import Component, NotHashed
from probeline.data.settings import DatasetSettings

Division = Literal["blank_line", "line", "file"]
"""What separates documents."""


class TextSettings(DatasetSettings):
    """Base of the `Config` of text: the tokeniser is learned from the training split alone."""

    tokenizer: Annotated[dict[str, Any], Component("tokenizers")] = Field({"name": "bytes"})


class RunningTextSettings(TextSettings):
    """Base of the `Config` of running text, whose documents are joined: each ends with [SEP]."""

    chunk: int | None = Field(
        1024, ge=8, description="Tokens of a sample: documents are joined, then cut; null: a document is a sample."
    )


class NamedText(TextSettings):
    """Base of the `Config` of a well-known data set that lies in a folder of the user's."""

    path: Annotated[str | None, NotHashed] = Field(
        None, description="Folder of the files, or one that holds it by the data set's name; else PROBELINE_DATA."
    )


class NamedRunningText(RunningTextSettings, NamedText):
    """`NamedText` of running text."""
