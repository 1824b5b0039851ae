"""BERT: hidden tokens are predicted from both sides.

Devlin, Chang, Lee, Toutanova: BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding, NAACL
2019, arXiv 1810.04805.
"""

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.special_tokens import START
from probeline.methods._masking import chosen_positions, hidden, word_starts
from probeline.methods._token_settings import MaskSettings
from probeline.methods._tokens import TokenMethod, token_encoder
from probeline.models.token_encoder import TransformedScores

TAKES = ("tokens",)
METRICS = {"masked_accuracy": percentage("training accuracy of masked tokens")}


class Config(MaskSettings):
    """The paper chooses 15% of the tokens; 80% of these become [MASK], 10% any token, 10% stay."""


class BERT(TokenMethod):
    """Cross entropy of the chosen tokens, nats. A window's first token becomes [CLS]."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts, causal=False)
        self.scores = TransformedScores(token_encoder(encoder, "bert"))
        self.starts: Tensor | None
        self.register_buffer("starts", word_starts(facts.sample) if config.unit == "words" else None, persistent=False)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """targets: [B, T], the tokens that are to be predicted, -1 for the others."""
        x = batch.inputs.clone()
        x[:, 0] = START
        chosen = chosen_positions(x, batch.lengths, self.config, rng, self.starts)
        masked = hidden(x, chosen, self.config, rng, self.vectors.num_embeddings)
        return Views(masked, torch.where(chosen, x, -1), lengths=batch.lengths)

    def forward(self, views: Views) -> Outputs:
        """z: the surprise [B, T] of each chosen token, nats, 0 for the others; `right`: whether it scores highest."""
        encoded = self.encoder(views.inputs, views.lengths)
        targets = cast(Tensor, views.targets)
        chosen = targets >= 0
        logits = self.scores(encoded.frames[chosen], self.vectors)
        surprise = F.cross_entropy(logits, targets[chosen], reduction="none")
        right = (logits.detach().argmax(1) == targets[chosen]).float()
        z = torch.zeros_like(targets, dtype=surprise.dtype)
        return Outputs(
            encoded.h,
            z.masked_scatter(chosen, surprise),
            {"right": z.masked_scatter(chosen, right.to(z.dtype))},
        )

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        count = (cast(Tensor, views.targets) >= 0).sum().clamp(min=1)
        return {"loss": outputs.z.sum() / count, "masked_accuracy": outputs.extra["right"].sum() / count}
