"""Byte pair encoding on bytes: the most frequent pairs of the training split become tokens; no text is unknown.

Sennrich, Haddow, Birch, ACL 2016, arXiv 1508.07909; on bytes as GPT-2 (Radford et al. 2019, section 2.2). Needs the
extra: pip install 'probeline[text]'.
"""

from collections.abc import Sequence

from pydantic import Field

from probeline.core.settings import Settings
from probeline.core.special_tokens import COUNT, NAMES
from probeline.data.text.tokenizer import Tokenizer
from probeline.data.text.tokenizers._library import Pieces, learn, library

SPACES = "ĠĊĉč"
"""How a byte-level tokeniser writes a space, a line end, a tab and a carriage return."""


class Config(Settings):
    """GPT has 40,000 merges. Pairs do not cross from a word into the next one."""

    vocabulary: int = Field(4096, ge=COUNT + 256, description="Tokens, the special ones and the 256 bytes among them.")


def train(texts: Sequence[str], config: Config) -> Tokenizer:
    """Learns the merges. Raises UserError."""
    tokenizers = library("bpe")
    inner = tokenizers.Tokenizer(tokenizers.models.BPE())
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=config.vocabulary,
        special_tokens=list(NAMES),
        initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    learn(inner, trainer, texts, config.vocabulary)
    return Pieces(inner, _begins)


def of(content: str) -> Tokenizer:
    """The tokeniser of the library's JSON. Raises UserError where the library is not installed."""
    return Pieces(library("bpe").Tokenizer.from_str(content), _begins)


def _begins(piece: str) -> bool:
    """Whether it has white space in front, which the library writes as the letters of SPACES."""
    return piece[0] in SPACES
