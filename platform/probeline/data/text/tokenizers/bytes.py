"""Bytes: a token for each of the 256 bytes of UTF-8; nothing is learned and no text is unknown."""

from collections.abc import Sequence

import numpy as np

from probeline.core.settings import Settings
from probeline.core.special_tokens import COUNT
from probeline.data.text.tokenizer import Tokenizer


class Config(Settings):
    """No parameters."""


class Bytes(Tokenizer):
    """Token COUNT + b for byte b."""

    size = COUNT + 256

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [np.frombuffer(text.encode(), np.uint8).astype(np.int32) + COUNT for text in texts]

    def decode(self, tokens: Sequence[int]) -> str:
        """Bytes that are no UTF-8, such as the half of a character, become U+FFFD."""
        return bytes(token - COUNT for token in tokens if token >= COUNT).decode(errors="replace")

    def word_starts(self) -> np.ndarray:
        spaces = [bytes([byte]).isspace() for byte in range(256)]
        return np.array([True] * COUNT + spaces)

    def content(self) -> str:
        return ""


def train(texts: Sequence[str], config: Config) -> Bytes:
    """The tokeniser, whatever the texts."""
    return Bytes()


def of(content: str) -> Bytes:
    """The tokeniser."""
    return Bytes()
