"""ELECTRA: a small masked language model replaces tokens, and the encoder says which are replaced.

Clark, Luong, Le, Manning: ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators, ICLR 2020,
arXiv 2003.10555.
"""

from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import loss_term, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.errors import BadData
from probeline.methods._masking import hidden_views, word_starts
from probeline.methods._token_settings import MaskSettings
from probeline.methods._tokens import TokenMethod, real_positions
from probeline.models.encoders.transformer import TokenTransformer
from probeline.models.token_encoder import TransformedScores
from probeline.models.transformer import Transformer, initialise
from probeline.models.transformer_settings import TransformerSettings

TAKES = ("tokens",)
EPOCH = {"windows": {"packed": "windows", "documents": "samples"}}
METRICS = {
    "generator": loss_term("training loss of the generator", "nats"),
    "discriminator": loss_term("training loss of the discriminator", "nats"),
    "replaced": percentage("training share of replaced tokens that are detected", "none"),
}


class Config(MaskSettings):
    """Section 3.1 and appendix A: 15% of the tokens become [MASK]; the generator has a quarter of the width or more."""

    masked: float = Field(1.0, ge=0, le=1, description="Share of the chosen tokens that becomes [MASK].")
    random: float = Field(0.0, ge=0, le=1, description="Share of the chosen tokens that becomes any token.")
    generator: float = Field(0.25, gt=0, le=1, description="Width of the generator, of the encoder's.")
    weight: float = Field(50.0, ge=0, description="Lambda, the weight of the discriminator's loss (section 3.1).")


class ELECTRA(TokenMethod):
    """Loss of the generator plus lambda times binary cross entropy of all tokens, nats. Both share token vectors."""

    hides_tokens = True

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        """Raises BadData for an encoder that is not the transformer, as the generator is a small one of its kind."""
        super().__init__(config, encoder, facts, causal=False)
        if not isinstance(encoder, TokenTransformer):
            raise BadData(f"method electra copies the encoder transformer; {type(encoder).__name__} is another one")
        narrow = narrowed(encoder.config, config.generator)
        size = encoder.tokens.embedding_dim
        self.widen = nn.Linear(size, narrow.width) if size != narrow.width else nn.Identity()
        self.generator = Transformer(narrow, encoder.context)
        self.scores = TransformedScores(narrow.width, encoder.tokens)
        self.detect = nn.Sequential(nn.Linear(encoder.dim, encoder.dim), nn.GELU(), nn.Linear(encoder.dim, 1))
        self.widen.apply(initialise)
        self.detect.apply(initialise)
        self.starts: Tensor | None
        self.register_buffer("starts", word_starts(facts.sample) if config.unit == "words" else None, persistent=False)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """targets: [B, T], the tokens that are hidden, -1 for the others. The first token becomes [CLS]."""
        return hidden_views(batch, self.config, rng, self.starts, self.vectors.num_embeddings)

    def forward(self, views: Views) -> Outputs:
        """z: [B, T], nats, whether each token is replaced; `generator`: [B, T], nats of the hidden ones.

        `right`: whether the generator's likeliest token is the hidden one; `detected`: which of the `replaced` are.
        """
        x, lengths, targets = views.inputs, views.lengths, cast(Tensor, views.targets)
        chosen = targets >= 0
        logits = self.scores(self.generator(self.widen(self.vectors(x)), lengths).last[chosen], self.vectors)
        surprise = F.cross_entropy(logits, targets[chosen], reduction="none")
        corrupted = x.masked_scatter(chosen, sampled(logits.detach()))
        replaced = corrupted != torch.where(chosen, targets, x)
        encoded = self.encoder(corrupted, lengths)
        score = self.detect(encoded.frames)[..., 0].float()
        real = real_positions(x, lengths)
        z = F.binary_cross_entropy_with_logits(score, replaced.float(), reduction="none") * real
        empty = torch.zeros_like(z)
        right = (logits.detach().argmax(1) == targets[chosen]).float()
        extra = {
            "generator": empty.masked_scatter(chosen, surprise.float()),
            "right": empty.masked_scatter(chosen, right),
        }
        extra |= {"replaced": replaced.float(), "detected": (replaced & (score > 0)).float()}
        return Outputs(encoded.h, z, extra)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        extra, targets = outputs.extra, cast(Tensor, views.targets)
        real = targets.numel() if views.lengths is None else views.lengths.sum()
        discriminator = outputs.z.sum() / real
        generator = extra["generator"].sum() / (targets >= 0).sum().clamp(min=1)
        return {
            "loss": generator + self.config.weight * discriminator,
            "generator": generator.detach(),
            "discriminator": discriminator.detach(),
            "replaced": extra["detected"].sum() / extra["replaced"].sum().clamp(min=1),
        }


def narrowed(settings: TransformerSettings, share: float) -> TransformerSettings:
    """The settings of a trunk of so much of the width, with heads and feed-forward layers of the same share."""
    heads = max(1, round(settings.heads * share))
    width = max(2 * heads, round(settings.width * share / (2 * heads)) * 2 * heads)
    hidden_units = settings.feedforward and max(1, round(settings.feedforward * share))
    return settings.model_copy(update={"width": width, "heads": heads, "feedforward": hidden_units})


def sampled(logits: Tensor) -> Tensor:
    """int64 [n]: a token drawn by its share for each row of [n, V], by Gumbel noise from torch's generator."""
    noise = -torch.log(-torch.log(torch.rand_like(logits.float()).clamp(1e-9, 1 - 1e-7)))
    return (logits.float() + noise).argmax(1)
