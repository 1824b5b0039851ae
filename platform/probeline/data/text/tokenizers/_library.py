"""Tokenisers of the library `tokenizers`: what those that learn a vocabulary of pieces share.

Needs the extra: pip install 'probeline[text]'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from probeline.core.special_tokens import COUNT
from probeline.data.text.blocks import blocks
from probeline.data.text.tokenizer import Tokenizer
from probeline.errors import UserError

if TYPE_CHECKING:
    import tokenizers

CHARACTERS_AT_ONCE = 2**21
"""Of texts that are encoded together: the library keeps some hundred bytes a token meanwhile."""


def library(name: str) -> Any:
    """The package `tokenizers`. Raises UserError where it is not installed; `name` is who needs it."""
    try:
        import tokenizers
    except ModuleNotFoundError:
        raise UserError(f"data.tokenizer {name} needs tokenizers: pip install 'probeline[text]'") from None
    return tokenizers


class Pieces(Tokenizer):
    """A trained tokeniser of the library; texts are encoded in parallel."""

    def __init__(self, inner: tokenizers.Tokenizer, begins: Callable[[str], bool]) -> None:
        """`begins`: whether a piece of the vocabulary, as the library writes it, begins a word."""
        self.inner, self.size, self._begins = inner, inner.get_vocab_size(), begins

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [
            np.array(encoding.ids, np.int32)
            for some in some_at_once(texts)
            for encoding in self.inner.encode_batch_fast(some, add_special_tokens=False)
        ]

    def decode(self, tokens: Sequence[int]) -> str:
        return self.inner.decode([token for token in tokens if token >= COUNT], skip_special_tokens=True)

    def word_starts(self) -> np.ndarray:
        pieces = [str(self.inner.id_to_token(number)) for number in range(COUNT, self.size)]
        return np.array([True] * COUNT + [self._begins(piece) for piece in pieces], dtype=bool)

    def content(self) -> str:
        return self.inner.to_str()


def some_at_once(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, CHARACTERS_AT_ONCE at a time."""
    return blocks(texts, len, CHARACTERS_AT_ONCE)


def learn(inner: tokenizers.Tokenizer, trainer: Any, texts: Sequence[str], vocabulary: int) -> None:
    """Trains a tokeniser. Raises UserError where the texts do not give so large a vocabulary."""
    inner.train_from_iterator(some_at_once(texts), trainer=trainer, length=len(texts))
    size = inner.get_vocab_size()
    if size != vocabulary:
        allowed = f"allows {size} at most" if size < vocabulary else f"needs {size} at least, for its letters"
        raise UserError(f"data.tokenizer.vocabulary: {vocabulary} tokens; the text of the training split {allowed}")
