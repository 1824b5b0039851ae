"""Perplexity of the test text: nats a token, and bits a byte and a character, which compare tokenisers.

Settings are chosen by `validation_nats`. The floor beside the test text's nats is a unigram model of the training
split's tokens, add-one smoothed. The end of a text counts.
"""

import math
from collections.abc import Iterator
from math import inf
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.columns import Ragged
from probeline.core.events import Record
from probeline.core.metric import Metric, count, loss_term
from probeline.core.settings import Settings
from probeline.core.special_tokens import START
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import FrozenMethod
from probeline.evaluation._strided import PredictsTokens, surprise
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("tokens",)
NEEDS = ("likelihood",)
METRICS = {
    "nats": loss_term("nats per token", "nats"),
    "perplexity": Metric("perplexity per token", direction="lower", bounds=(1.0, inf), digits=2),
    "bits_per_byte": loss_term("bits per byte", "bits"),
    "bits_per_character": loss_term("bits per character", "bits"),
    "validation_nats": loss_term("nats per token of the validation split", "nats"),
    "unigram_nats": loss_term("nats per token of a unigram model", "nats"),
    "unigram_bits_per_byte": loss_term("bits per byte of a unigram model", "bits"),
    "tokens": count("test tokens of perplexity"),
    "context": count("most tokens before a predicted one"),
    "stride": count("tokens from one window to the next"),
}
PRIMARY = "bits_per_byte"


class Config(Settings):
    """A stride of half the context gives every token at least half a context; a smaller one costs more."""

    stride: int | None = Field(None, ge=1, description="Tokens from one window to the next; null: half the context.")
    tokens_at_once: int = Field(16_384, ge=1, description="Tokens in memory; decides memory, not the result.")


class Perplexity(Protocol[Config]):
    """Reads no label but the lengths of the texts in bytes and characters."""

    @torch.no_grad()
    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        subject, vocabulary = data.subject, data.info.sample.vocabulary or 0
        method = subject.method
        if not isinstance(method, PredictsTokens):
            name = type(method).__name__
            raise NotApplicable(f"perplexity is for methods that predict the next token, such as gpt; {name} does not")
        stride = min(self.config.stride or max(1, method.context // 2), method.context)
        of_validation = surprise(method, self._batches(subject, "validation"), vocabulary, stride)
        of_test = surprise(method, self._batches(subject, "test"), vocabulary, stride)
        floor = float((of_test.seen * unigram_surprise(subject, vocabulary)).sum())
        nats, tokens = of_test.nats, of_test.tokens
        yield from (Record("tokens", tokens), Record("context", method.context), Record("stride", stride))
        yield Record("validation_nats", of_validation.nats / max(1, of_validation.tokens))
        yield Record("nats", nats / tokens)
        yield Record("perplexity", math.exp(nats / tokens))
        yield Record("unigram_nats", floor / tokens)
        for unit in ("byte", "character"):
            if f"{unit}s" in subject.dataset.validation.extra_labels:
                size = float(data.test.reveal(f"{unit}s").sum())
                yield Record(f"bits_per_{unit}", nats / math.log(2) / size)
                if unit == "byte":
                    yield Record("unigram_bits_per_byte", floor / math.log(2) / size)

    def _batches(self, subject: FrozenMethod, split: str) -> Iterator[tuple[Tensor, Tensor]]:
        longest = subject.dataset.info.sample.longest or 1
        for batch in subject.batches(split, max(1, self.config.tokens_at_once // longest)):
            whole = torch.full_like(batch.index, batch.inputs.shape[1])
            yield batch.inputs, whole if batch.lengths is None else batch.lengths


def unigram_surprise(subject: FrozenMethod, vocabulary: int) -> Tensor:
    """float64 [V], nats: -log of each token's share of the training split, one added to each; [CLS] is not counted."""
    inputs = subject.dataset.train.inputs
    values = inputs.values if isinstance(inputs, Ragged) else inputs
    counts = torch.bincount(torch.from_numpy(values).long().flatten(), minlength=vocabulary).double() + 1
    counts[START] = 0
    return -(counts / counts.sum()).clamp(min=1e-300).log()
