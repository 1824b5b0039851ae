"""Characters: a token for each Unicode character of the training split; others become [UNK]."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from probeline.core.settings import Settings
from probeline.core.special_tokens import COUNT, UNKNOWN
from probeline.data.text.tokenizer import Tokenizer
from probeline.errors import UserError

LAST = 0x10FFFF  # of Unicode


class Config(Settings):
    """`vocabulary`: the most frequent characters only, special tokens counted; null: all."""

    vocabulary: int | None = Field(None, gt=COUNT)


class Characters(Tokenizer):
    """`characters`: all of them in one text, in the order of their tokens."""

    def __init__(self, characters: str) -> None:
        self.characters, self.size = characters, COUNT + len(characters)
        self._tokens = np.full(LAST + 1, UNKNOWN, np.int32)
        self._tokens[_points(characters)] = np.arange(len(characters)) + COUNT

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [self._tokens[_points(text)] for text in texts]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(self.characters[token - COUNT] for token in tokens if token >= COUNT)

    def word_starts(self) -> np.ndarray:
        return np.array([True] * COUNT + [character.isspace() for character in self.characters])

    def content(self) -> str:
        return self.characters


def train(texts: Sequence[str], config: Config) -> Characters:
    """In the order of Unicode. Raises UserError where the vocabulary is larger than the texts allow."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    if config.vocabulary is None:
        return Characters("".join(sorted(counts)))
    wanted = config.vocabulary - COUNT
    if wanted > len(counts):
        raise UserError(
            f"data.tokenizer.vocabulary: {config.vocabulary} tokens, of which {COUNT} are special; the training split "
            f"has {len(counts)} different characters, which allow {len(counts) + COUNT} at most"
        )
    frequent = sorted(counts, key=lambda character: (-counts[character], character))[:wanted]
    return Characters("".join(sorted(frequent)))


def of(content: str) -> Characters:
    """The tokeniser of its characters."""
    return Characters(content)


def _points(text: str) -> np.ndarray:
    """The numbers of the characters in Unicode."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)
