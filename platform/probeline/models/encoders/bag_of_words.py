"""Bag of words: how often each token of the vocabulary occurs, whatever the order; the floor for text.

With the method `tf_idf` each count is weighted by how few training texts have the token.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT
from probeline.errors import UserError
from probeline.models.settings import EncoderSettings

TAKES = ("tokens",)
DETERMINISTIC = True


class Config(EncoderSettings):
    """h has a unit length, so that long texts do not weigh more than short ones."""

    counts: Literal["linear", "logarithmic", "presence"] = Field(
        "logarithmic", description="A token that occurs n times counts n, 1 + ln n, or 1."
    )


def build(config: Config, sample: SampleSpec) -> Encoder:
    """int64 [B, T] in, h [B, V] out, special tokens left out. Raises UserError for samples that are no tokens."""
    if sample.modality != "tokens" or not sample.vocabulary:
        raise UserError(f"encoder bag_of_words takes tokens; the data give {sample.modality} samples")
    return BagOfWords(sample.vocabulary - COUNT, config.counts)


class BagOfWords(Encoder):
    """`weights`: [V], by which counts are multiplied; all 1 until a method sets them."""

    weights: Tensor

    def __init__(self, words: int, counts: str) -> None:
        super().__init__()
        self.dim, self.counts = words, counts
        self.register_buffer("weights", torch.ones(words))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        text = x >= COUNT
        if lengths is not None:
            text = text & (torch.arange(x.shape[1], device=x.device) < lengths[:, None])
        count = torch.zeros(len(x), self.dim, device=x.device)
        count.scatter_add_(1, (x - COUNT).clamp(min=0), text.float())
        return Encoded(F.normalize(self._counted(count) * self.weights, dim=1))

    def _counted(self, count: Tensor) -> Tensor:
        if self.counts == "logarithmic":
            return torch.where(count > 0, 1 + count.clamp(min=1).log(), 0.0)
        return (count > 0).float() if self.counts == "presence" else count
