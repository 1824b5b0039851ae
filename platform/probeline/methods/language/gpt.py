"""GPT: each token is predicted from those before it.

Radford, Narasimhan, Salimans, Sutskever: Improving Language Understanding by Generative Pre-Training, 2018. The paper's
trunk is post-norm and causal, 12 x 768, over 512 tokens; GPT-2's is pre-norm.
"""

import math
from typing import cast

import torch
from torch import Tensor

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoded, Encoder
from probeline.core.metric import loss_term
from probeline.core.sample_rng import SampleRNG
from probeline.methods._token_settings import WindowSettings
from probeline.methods._tokens import TokenMethod, real_positions, token_encoder
from probeline.models.token_encoder import SharedScores

TAKES = ("tokens",)
GIVES = ("likelihood",)
EPOCH = {"windows": {"packed": "windows", "documents": "samples"}}
METRICS = {"bits": loss_term("training bits per token", "bits")}


class Config(WindowSettings):
    """A window has one token more than its context, so that each of the context predicts one."""


class GPT(TokenMethod):
    """Cross entropy of the next token, nats (eq. 1, divided by the number of tokens)."""

    extra = 1

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts, causal=True)
        self.scores = SharedScores(token_encoder(encoder, "gpt"))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        return Views(batch.inputs, lengths=batch.lengths)

    def forward(self, views: Views) -> Outputs:
        """z: the surprise [B, T - 1] of each token after the first, nats, 0 for padding."""
        x, lengths = views.inputs, views.lengths
        encoded = self.encoder(x[:, :-1], None if lengths is None else lengths - 1)
        surprise = self.scores.surprise(encoded.frames, self.vectors, x[:, 1:])
        if lengths is not None:
            surprise = surprise * real_positions(x[:, 1:], lengths - 1)
        return Outputs(encoded.h, surprise)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        count = outputs.z.numel() if views.lengths is None else (views.lengths - 1).clamp(min=0).sum().clamp(min=1)
        loss = outputs.z.sum() / count
        return {"loss": loss, "bits": loss.detach() / math.log(2)}

    def next_token_logits(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[B, T, V]: after each of the tokens [B, T], the scores of the next one; T is at most the context."""
        return self.scores(self.encoder(tokens, lengths).frames, self.vectors)

    def language_model_loss(self, encoded: Encoded, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Nats a token, of each token after a text's first, for fine-tuning (L1 of section 3.2). x: [B, T]."""
        surprise = self.scores.surprise(cast(Tensor, encoded.frames)[:, :-1], self.vectors, x[:, 1:])
        if lengths is None:
            return surprise.mean()
        real = real_positions(x[:, 1:], lengths - 1)
        return (surprise * real).sum() / real.sum().clamp(min=1)
