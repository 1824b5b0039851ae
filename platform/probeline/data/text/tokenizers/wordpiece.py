"""WordPiece: words cut into pieces of a vocabulary learned from the training split, as BERT's.

Devlin et al., NAACL 2019, arXiv 1810.04805, section 3; Wu et al. 2016, arXiv 1609.08144, section 4.1. Spaces and line
ends are lost, and a word that cannot be cut becomes [UNK]. Needs the extra: pip install 'probeline[text]'.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from probeline.core.settings import Settings
from probeline.core.special_tokens import COUNT, NAMES, UNKNOWN
from probeline.data.text.tokenizer import Tokenizer
from probeline.data.text.tokenizers._library import Pieces, learn, library

PREFIX = "##"
"""Of a piece that continues a word."""


class Config(Settings):
    """BERT has 30,000 pieces. The library learns them by the frequency of pairs, not by likelihood as the paper."""

    vocabulary: int = Field(4096, gt=COUNT, description="Tokens, the special ones among them.")
    lower: bool = Field(True, description="Whether capitals become small letters and accents go (BERT's `uncased`).")


def train(texts: Sequence[str], config: Config) -> Tokenizer:
    """Learns the pieces, the same ones whenever the texts are the same. Raises UserError.

    The library numbers pieces of one letter in the order of a hash table, and breaks ties by these numbers. So they
    are given to it in order, as special tokens of the training alone.
    """
    tokenizers = library("wordpiece")
    empty = _empty(tokenizers, {}, config)
    characters = sorted({character for text in texts for character in set(text)})
    letters = sorted(set(empty.normalizer.normalize_str(" ".join(characters))) - {" "})
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=config.vocabulary,
        special_tokens=[*NAMES, *letters, *(f"{PREFIX}{letter}" for letter in letters if letter.isalnum())],
        continuing_subword_prefix=PREFIX,
        show_progress=False,
    )
    learn(empty, trainer, texts, config.vocabulary)
    inner = _empty(tokenizers, empty.get_vocab(with_added_tokens=True), config)
    inner.add_special_tokens(list(NAMES))
    return Pieces(inner, _begins)


def _empty(tokenizers: Any, pieces: dict[str, int], config: Config) -> Any:
    """A tokeniser of the library with a vocabulary of pieces."""
    inner = tokenizers.Tokenizer(tokenizers.models.WordPiece(pieces, unk_token=NAMES[UNKNOWN]))
    inner.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=config.lower)
    inner.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    inner.decoder = tokenizers.decoders.WordPiece(prefix=PREFIX)
    return inner


def of(content: str) -> Tokenizer:
    """The tokeniser of the library's JSON. Raises UserError where the library is not installed."""
    return Pieces(library("wordpiece").Tokenizer.from_str(content), _begins)


def _begins(piece: str) -> bool:
    return not piece.startswith(PREFIX)
