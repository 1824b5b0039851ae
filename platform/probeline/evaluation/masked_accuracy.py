"""Accuracy and surprise of hidden test tokens, which are predicted from both sides; the floor is the likeliest token.

The tokens are chosen and hidden as in training, drawn by the trial's seed. No label is read.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import exp, inf
from pathlib import Path
from typing import Protocol as Structure
from typing import cast, runtime_checkable

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.events import Record
from probeline.core.metric import Metric, count, loss_term, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import ANOTHER
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("tokens",)
METRICS = {
    "top1": percentage("accuracy of hidden tokens"),
    "nats": loss_term("nats per hidden token", "nats"),
    "perplexity": Metric("perplexity of hidden tokens", direction="lower", bounds=(1.0, inf), digits=2),
    "likeliest": percentage("share of the likeliest token among hidden ones", "none"),
    "tokens": count("hidden test tokens"),
}
PRIMARY = "top1"


class Config(Settings):
    """`batch_size` decides memory, not the result."""

    batch_size: int = Field(64, ge=1, description="Texts at a time.")


@runtime_checkable
class PredictsHidden(Structure):
    """A method that hides tokens and predicts them: `z` is the surprise of each, `right` whether it is likeliest."""

    hides_tokens: bool

    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """`targets`: int64 [B, T], the hidden tokens, -1 elsewhere."""

    def __call__(self, views: Views) -> Outputs:
        """`z`: [B, T], nats; `extra["right"]`: [B, T]."""


class MaskedAccuracy(Protocol[Config]):
    """Of the test split's texts, cut at the method's window."""

    @torch.no_grad()
    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        subject, method = data.subject, data.subject.method
        if not isinstance(method, PredictsHidden):
            name = type(method).__name__
            raise NotApplicable(f"masked_accuracy is for methods that hide tokens, such as bert; {name} does not")
        right, nats, hidden = 0.0, 0.0, []
        for batch in subject.batches("test", self.config.batch_size):
            views = method.views(_cut(batch, method.window), SampleRNG(subject.seed ^ ANOTHER, 0, batch.index))
            outputs = method(views)
            right += float(outputs.extra["right"].sum())
            nats += float(outputs.z.double().sum())
            hidden.append(hidden_tokens(views))
        tokens = torch.cat(hidden)
        if not len(tokens):
            raise NotApplicable("the test split has no token that can be hidden")
        yield Record("tokens", float(len(tokens)))
        yield Record("top1", right / len(tokens))
        yield Record("nats", nats / len(tokens))
        yield Record("perplexity", exp(nats / len(tokens)))
        yield Record("likeliest", float(tokens.bincount().max()) / len(tokens))


def _cut(batch: Batch, window: int | None) -> Batch:
    """At most the first `window` tokens of every text."""
    if window is None or batch.inputs.shape[1] <= window:
        return batch
    lengths = None if batch.lengths is None else batch.lengths.clamp(max=window)
    return replace(batch, inputs=batch.inputs[:, :window], lengths=lengths)


def hidden_tokens(views: Views) -> Tensor:
    """int64 [n]: the tokens that are to be predicted; the first of a text is [CLS] and never one."""
    targets = cast(Tensor, views.targets)[:, 1:]
    return targets[targets >= 0]
