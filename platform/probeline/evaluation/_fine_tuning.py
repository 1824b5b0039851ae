"""What fine-tuning trains and how it is judged: an encoder with a linear layer on its h, and the subset of labels."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from math import cos, pi
from typing import Any, runtime_checkable
from typing import Protocol as Structure

import torch
from torch import Tensor, nn

from probeline.core.batch import Batch
from probeline.core.encoder import Encoded
from probeline.core.method import Method
from probeline.errors import NotApplicable


@runtime_checkable
class LanguageModel(Structure):
    """A method whose objective fine-tuning can go on with, beside the labels."""

    def language_model_loss(self, encoded: Encoded, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Nats a token, of tokens [B, T] that the encoder has made `encoded` of."""


@runtime_checkable
class LayeredEncoder(Structure):
    """An encoder of blocks, of which the last ones can start anew."""

    depth: int

    def restart(self, transferred: int) -> None:
        """Initialises the blocks after the first `transferred` ones, from torch's global generator."""


class TunedModel(nn.Module):
    """A trainable copy of a method, and a linear layer on its encoder's h."""

    def __init__(self, method: Method, classes: int) -> None:
        super().__init__()
        self.method = deepcopy(method).requires_grad_(True)
        self.head = head(self.method.encoder.dim, classes)

    def transfer(self, layers: int) -> None:
        """Keeps the embeddings and the first `layers` blocks of what was pretrained. Raises NotApplicable."""
        encoder: Any = self.method.encoder
        if not isinstance(encoder, LayeredEncoder) or layers > encoder.depth:
            blocks = f"{encoder.depth}" if isinstance(encoder, LayeredEncoder) else "no"
            raise NotApplicable(
                f"layers {layers}: {type(encoder).__name__} has {blocks} blocks to transfer; a transformer on tokens "
                "has as many as its depth says"
            )
        encoder.restart(layers)

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Encoded]:
        """Logits [B, classes], and what they were made of."""
        encoded = self.method.encoder(x, lengths)
        return self.head(encoded.h), encoded

    def auxiliary_loss(self, encoded: Encoded, batch: Batch) -> Tensor:
        """The pretraining objective on the texts that are fine-tuned on. Raises NotApplicable."""
        if not isinstance(self.method, LanguageModel):
            name = type(self.method).__name__
            raise NotApplicable(f"auxiliary: {name} predicts no next token; set it to 0, or take the method gpt")
        return self.method.language_model_loss(encoded, batch.inputs, batch.lengths)


def head(dim: int, classes: int) -> nn.Linear:
    """A linear layer that starts at 0, so that no class is preferred and no generator is drawn from."""
    layer = nn.Linear(dim, classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def decayed(step: int, steps: int, warmup: float, schedule: str) -> float:
    """The share of the peak rate at a step counted from 0: `warmup` of the steps rise, the rest fall to 0."""
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    return (1 + cos(pi * done)) / 2 if schedule == "cosine" else 1 - done


@dataclass(frozen=True)
class Tuned:
    """What a training came to: its rate, accuracy on validation (-1 where it diverged), and the model."""

    lr: float
    validation_top1: float
    model: TunedModel


@torch.no_grad()
def predicted(model: nn.Module, batches: Iterable[Batch]) -> Tensor:
    """Probabilities [N, K] of all samples, in the order of their rows, whatever the order of the batches."""
    model.eval()
    seen = [(batch.index, model(batch.inputs, batch.lengths)[0].float().softmax(1)) for batch in batches]
    return torch.cat([each for _, each in seen])[torch.cat([rows for rows, _ in seen]).argsort()]


def balanced_rows(labels: Tensor, fraction: float, seed: int) -> Tensor:
    """Row numbers of a subset of labels [N]: the same number of every class that is there, at least 1, by chance.

    All of a class where it has fewer. The number is fraction * N / classes, rounded; 1 keeps every row.
    """
    if fraction == 1:
        return torch.arange(len(labels))
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    shuffled = labels.cpu()[order]
    present = shuffled.unique()
    each = max(1, round(fraction * len(labels) / len(present)))
    return torch.cat([order[shuffled == label][:each] for label in present]).sort().values
