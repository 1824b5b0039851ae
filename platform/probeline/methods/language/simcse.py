"""SimCSE: a sentence encoded twice with other dropout attracts, or two sentences that mean the same; others repel.

Gao, Yao, Chen: SimCSE: Simple Contrastive Learning of Sentence Embeddings, EMNLP 2021, arXiv 2104.08821.
"""

from dataclasses import replace
from typing import Annotated, Any, cast

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoder
from probeline.core.lists import PairList
from probeline.core.method import Method
from probeline.core.sample_rng import SampleRNG
from probeline.core.sampler import Sampler
from probeline.core.settings import Component, Settings
from probeline.data.samplers import Pairs
from probeline.errors import BadData
from probeline.methods.base import loss_function

TAKES = ("tokens",)


class Config(Settings):
    """Temperature 0.05 (section 3); the loss is the mean of both directions, the authors' code has one.

    `pairs`: a list of pairs of the training split, of which those that are the same are positives (section 4); null:
    both views are the same sentence, and the encoder needs dropout.
    """

    loss: Annotated[dict[str, Any], Component("losses")] = Field(
        {"name": "nt_xent", "temperature": 0.05, "negatives": "one"}
    )
    pairs: str | None = None
    longest: int = Field(64, ge=1, description="Tokens of a sentence that are read in training.")


class SimCSE(Method[Config]):
    """A linear layer with tanh between h and the loss, in training only."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.projector = nn.Sequential(nn.Linear(encoder.dim, encoder.dim), nn.Tanh())
        self.compare = loss_function(config.loss)
        self.window = config.longest

    def sampler(self, split: Split) -> Sampler | None:
        """Raises BadData where there is no such list of pairs, or none of it is the same."""
        name = self.config.pairs
        if name is None:
            return None
        listed = split.lists.get(name)
        if not isinstance(listed, PairList) or listed.same is None or not listed.same.any():
            names = ", ".join(key for key, each in split.lists.items() if isinstance(each, PairList)) or "none"
            raise BadData(f"method.pairs {name!r}: training has no such pairs that are the same; it has {names}")
        rows = np.flatnonzero(listed.same)
        same = replace(
            listed, first=listed.first[rows], second=listed.second[rows], same=listed.same[rows], groups=None
        )
        return Pairs(same, len(split))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        if batch.roles == 2:
            return Views(batch.inputs, lengths=batch.lengths)
        lengths = None if batch.lengths is None else batch.lengths.repeat(2)
        return Views(batch.inputs.repeat(2, 1), lengths=lengths)

    def forward(self, views: Views) -> Outputs:
        """h and z [2B, dim]."""
        h = self.encoder(views.inputs, views.lengths).h
        return Outputs(h, self.projector(h))

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        za, zb = outputs.z.chunk(2)
        return {"loss": cast(Tensor, self.compare(za, zb))}
