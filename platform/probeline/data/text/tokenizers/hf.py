"""The tokeniser of a folder in the format of the library `transformers`: a model's own, with nothing learned.

Token t of the model has the number COUNT + t, after Probeline's special tokens. Needs the extra: pip install
'probeline[text]'.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from probeline.core.settings import NotHashed, Settings
from probeline.core.special_tokens import COUNT
from probeline.data.text.tokenizer import Tokenizer
from probeline.data.text.tokenizers._library import library, some_at_once
from probeline.errors import UserError

FILE = "tokenizer.json"
SPACES = ("\u0120", "\u2581")
"""What stands for a space at the start of a piece: of byte-level BPE, and of SentencePiece."""


class Config(Settings):
    """`path`: the folder of the model, the same as the encoder's; its tokeniser enters ids by content."""

    path: Annotated[str, NotHashed] = Field(min_length=1, description="A folder with a tokenizer.json.")


class Foreign(Tokenizer):
    """A tokeniser of the library, its tokens moved up by COUNT."""

    def __init__(self, content: str) -> None:
        self.inner = library("hf").Tokenizer.from_str(content)
        self.inner.no_truncation()
        self.inner.no_padding()
        self.size = COUNT + self.inner.get_vocab_size()
        model = json.loads(content).get("model", {})
        self._continues = model.get("continuing_subword_prefix") or "##" if model.get("type") == "WordPiece" else None

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [
            np.array(encoding.ids, np.int32) + COUNT
            for some in some_at_once(texts)
            for encoding in self.inner.encode_batch_fast(some, add_special_tokens=False)
        ]

    def decode(self, tokens: Sequence[int]) -> str:
        return self.inner.decode([token - COUNT for token in tokens if token >= COUNT], skip_special_tokens=True)

    def word_starts(self) -> np.ndarray:
        pieces = [str(self.inner.id_to_token(number)) for number in range(self.size - COUNT)]
        return np.array([True] * COUNT + [self._begins(piece) for piece in pieces], dtype=bool)

    def _begins(self, piece: str) -> bool:
        return not piece.startswith(self._continues) if self._continues else piece.startswith(SPACES)

    def content(self) -> str:
        return self.inner.to_str()


def files(config: Config) -> list[Path]:
    """The tokeniser's file. Raises UserError where there is none."""
    file = Path(config.path) / FILE
    if not file.is_file():
        raise UserError(f"data.tokenizer.path: {file} cannot be read: no such file; give a model's folder")
    return [file]


def train(texts: Sequence[str], config: Config) -> Foreign:
    """The folder's tokeniser, whatever the texts. Raises UserError where there is none."""
    (file,) = files(config)
    try:
        content = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"data.tokenizer.path: {file} cannot be read: {error}; give a model's folder") from error
    library("hf")
    try:
        return Foreign(content)
    except Exception as error:  # the library raises bare exceptions
        raise UserError(f"data.tokenizer.path: {file} is no tokeniser: {str(error)[:200]}") from error


def of(content: str) -> Foreign:
    """The tokeniser of the library's JSON. Raises UserError where the library is not installed."""
    return Foreign(content)
