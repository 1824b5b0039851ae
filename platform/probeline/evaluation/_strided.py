"""Surprise of every token of a text, predicted from a context that moves along it in strides."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol as Structure
from typing import runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.special_tokens import SEPARATOR, START


@runtime_checkable
class PredictsTokens(Structure):
    """A method that predicts each token from those before it."""

    context: int

    def next_token_logits(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[B, T, V]: after each of the tokens [B, T], the scores of the next one; T is at most `context`."""


@dataclass
class Surprise:
    """Sums over tokens: `nats`, of `tokens` of them; `seen`: int64 [V], how often each was predicted."""

    nats: float
    tokens: int
    seen: Tensor


def surprise(
    method: PredictsTokens, batches: Iterator[tuple[Tensor, Tensor]], vocabulary: int, stride: int
) -> Surprise:
    """The surprise of all tokens but [CLS], each once.

    A window has up to `context` tokens; the next one begins `stride` tokens later, so each token but a text's first
    ones has at least context - stride tokens before it. The first token of a text is predicted from [SEP], the end of
    the text before it.

    Args:
        batches: tokens [B, T] with their lengths [B].
    """
    total = Surprise(0.0, 0, torch.zeros(vocabulary, dtype=torch.int64))
    for tokens, lengths in batches:
        padded, ends = F.pad(tokens, (1, 0), value=SEPARATOR), lengths + 1
        for first in range(1, int(ends.max()), stride):
            last = min(first + stride, padded.shape[1])
            begin = max(0, first - 1 + stride - method.context)
            rows = (ends > first).nonzero()[:, 0]
            logits = method.next_token_logits(padded[rows, begin : last - 1])
            _add(total, logits[:, first - 1 - begin :], padded[rows, first:last], ends[rows] - first)
    return total


def _add(total: Surprise, logits: Tensor, targets: Tensor, lengths: Tensor) -> None:
    """logits: [B, S, V] of targets [B, S], of which `lengths` [B] are real."""
    real = (torch.arange(targets.shape[1], device=targets.device) < lengths[:, None]) & (targets != START)
    nats = F.cross_entropy(logits[real].float(), targets[real], reduction="none")
    total.nats += float(nats.double().sum())
    total.tokens += int(real.sum())
    total.seen += targets[real].bincount(minlength=len(total.seen)).cpu()
