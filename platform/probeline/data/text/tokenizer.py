"""The contract of a tokeniser, and where a data set's tokeniser is stored: in the cache, by its content.

A plug-in is one file with its `Config`, `train(texts, config) -> Tokenizer` and `of(content) -> Tokenizer`. One that is
not learned from the texts has `files(config)`, what it is read from: its content then enters the data's digest.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from probeline.data import cache
from probeline.errors import NotApplicable
from probeline.plugins import catalog
from probeline.storage import checksummed_json


class Tokenizer(ABC):
    """Text to tokens and back; `size` counts the special tokens too, which are the lowest numbers."""

    size: int

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The tokens of each text, int32 [T], without special tokens but the one for what is unknown."""

    @abstractmethod
    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens; special tokens are left out."""

    @abstractmethod
    def word_starts(self) -> np.ndarray:
        """bool [size]: which tokens begin a word, the white space before it included; special tokens do."""

    @abstractmethod
    def content(self) -> str:
        """What `of` makes the tokeniser of again."""


def trained(component: dict[str, Any], texts: Sequence[str]) -> Tokenizer:
    """The tokeniser that a resolved component declares, learned from texts. Raises UserError."""
    module = catalog.module("tokenizers", component["name"])
    return module.train(texts, catalog.settings("tokenizers", component))


def store(name: str, tokenizer: Tokenizer) -> str:
    """Writes a tokeniser of the plug-in `name` to the cache; returns the digest of its content. Raises DiskFull."""
    stored = {"name": name, "content": tokenizer.content()}
    digest = hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()
    checksummed_json.write(_path(digest), stored)
    return digest


def load(digest: str | None) -> Tokenizer:
    """The tokeniser of a digest. Raises NotApplicable where the data have none, or the cache has lost it."""
    if digest is None:
        raise NotApplicable("the data have no tokeniser; data sets of text have one, such as text and wikitext2")
    stored = checksummed_json.read(_path(digest))
    if stored is None:
        raise NotApplicable(
            f"{_path(digest)}: the tokeniser is no longer in the cache; remove the folder {cache.root() / 'datasets'}, "
            "and the next run reads the data and stores it again"
        )
    return catalog.module("tokenizers", stored["name"]).of(stored["content"])


def _path(digest: str) -> Path:
    return cache.root() / "tokenizers" / f"{digest}.json"
