"""Attention of the last block to look at: tokens by tokens, for a few validation texts, the same for every trial.

The mean over the heads, or one head. A picture and no number: nothing is chosen by it, and no test label is read. It
shows what a token's vector is mixed of, which is no proof of what a prediction hangs on (Jain, Wallace: Attention is
not Explanation, NAACL 2019, arXiv 1902.10186).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, runtime_checkable
from typing import Protocol as Structure

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.settings import Settings
from probeline.core.special_tokens import COUNT, NAMES
from probeline.data.text import tokenizer as tokenizers
from probeline.data.text.tokenizer import Tokenizer
from probeline.errors import NotApplicable
from probeline.evaluation._shown_samples import beginning
from probeline.evaluation._tiles import name_of, rows_of, write_facts
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("tokens",)
NEEDS = ("attention",)
METRICS: dict[str, Metric] = {}
PRIMARY = None
DIGITS = 3
"""Of a weight in the file."""


class Config(Settings):
    """How much is shown."""

    texts: int = Field(3, ge=1, le=12, description="Validation texts, of as many classes as can be.")
    tokens: int = Field(16, ge=2, le=64, description="The first tokens of a text, which see no others.")
    head: int | None = Field(None, ge=0, description="One head by its number from 0; null: the mean over all.")


@runtime_checkable
class GivesAttention(Structure):
    """An encoder that tells how much its last block takes of each token for each."""

    context: int

    def last_attention(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """int64 [B, T], T at most `context` -> [B, heads, T, T]; each row sums to 1."""


class AttentionMap(Protocol[Config]):
    """One file: the tokens of each text, and a row of weights for each of them."""

    @torch.no_grad()
    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        subject, encoder = data.subject, data.subject.method.encoder
        if not isinstance(encoder, GivesAttention):
            name = type(encoder).__name__
            raise NotApplicable(f"attention_map is for encoders of attention, such as transformer; {name} gives none")
        part, tokenizer = subject.dataset.validation, tokenizers.load(data.info.sample.tokenizer)
        texts: list[dict[str, Any]] = []
        heads = 0
        for row in rows_of(part.labels, self.config.texts).tolist():
            tokens = beginning(part, row, min(self.config.tokens, encoder.context))
            weights = encoder.last_attention(tokens[None].to(subject.device))[0]
            heads = len(weights)
            label = name_of(int(part.labels[row]), data.classes)
            shown = [[round(share, DIGITS) for share in line] for line in self._one(weights).tolist()]
            texts.append({"label": label, "tokens": list(words(tokens, tokenizer)), "weights": shown})
            subject.heartbeat()
        facts = {"head": self.config.head, "heads": heads, "texts": texts}
        yield Artifact("attention.json", write_facts(facts, folder / "attention.json"))

    def _one(self, weights: Tensor) -> Tensor:
        """weights: [heads, T, T] -> [T, T]. Raises NotApplicable where there is no such head."""
        head, count = self.config.head, len(weights)
        if (head or 0) >= count:
            raise NotApplicable(f"head {head or 0}: the encoder's last block has {count} heads, numbered from 0")
        return (weights.mean(0) if head is None else weights[head]).float().cpu()


def words(tokens: Tensor, tokenizer: Tokenizer) -> Iterator[str]:
    """Each token as text; special tokens by their names."""
    for token in tokens.tolist():
        yield NAMES[token] if token < COUNT else tokenizer.decode([token])
