"""BERT: hidden tokens are predicted from both sides, and whether the second of two texts follows the first.

Devlin, Chang, Lee, Toutanova: BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding, NAACL
2019, arXiv 1810.04805.
"""

from dataclasses import replace
from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.special_tokens import SEPARATOR, START
from probeline.errors import BadData
from probeline.methods._masking import hidden_views, word_starts
from probeline.methods._token_settings import MaskSettings
from probeline.methods._tokens import TokenMethod
from probeline.methods.base import top1
from probeline.models.token_encoder import TransformedScores
from probeline.models.transformer import initialise

TAKES = ("tokens",)
EPOCH = {"windows": {"packed": "windows", "documents": "samples"}}
METRICS = {
    "masked_accuracy": percentage("training accuracy of masked tokens"),
    "next_sentence_accuracy": percentage("training accuracy of next sentences"),
}


class Config(MaskSettings):
    """The paper chooses 15% of the tokens; 80% of these become [MASK], 10% any token, 10% stay.

    With `next_sentence` a window is read as [CLS] first [SEP] second [SEP]; in half of them the second text is from
    further on, one and a half contexts after the first. The paper takes another document; packed short texts are that.
    """

    next_sentence: bool = Field(False, description="Whether the second task of the paper is learned too.")


class BERT(TokenMethod):
    """Cross entropy of the chosen tokens, nats, and of the next-sentence task. A window's first token becomes [CLS]."""

    hides_tokens = True

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        """Raises BadData for next sentences in windows that are single texts, and as `TokenMethod`."""
        super().__init__(config, encoder, facts, causal=False)
        self.scores = TransformedScores(encoder.dim, self.vectors)
        self.starts: Tensor | None
        self.register_buffer("starts", word_starts(facts.sample) if config.unit == "words" else None, persistent=False)
        self.follows: nn.Module | None = None
        if config.next_sentence:
            if config.windows == "documents":
                raise BadData("method.next_sentence: it needs text that goes on; set method.windows to packed")
            self.length = self.window = 2 * self.context
            self.follows = nn.Sequential(nn.Linear(encoder.dim, encoder.dim), nn.Tanh(), nn.Linear(encoder.dim, 2))
            self.follows.apply(initialise)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """targets: [B, T], the tokens that are to be predicted, -1 for the others.

        The first, of [CLS], is whether the second text follows the first, or -1.
        """
        follows = None
        if self.follows is not None and batch.lengths is None and batch.inputs.shape[1] >= self.length:
            x, follows = text_pairs(batch.inputs, self.context, rng)
            batch = replace(batch, inputs=x)
        views = hidden_views(batch, self.config, rng, self.starts, self.vectors.num_embeddings)
        if follows is not None:
            cast(Tensor, views.targets)[:, 0] = follows
        return views

    def forward(self, views: Views) -> Outputs:
        """z: the surprise [B, T] of each chosen token, nats, 0 for the others; `right`: whether it scores highest.

        `follows`: [B, 2], the scores of the next-sentence task.
        """
        encoded = self.encoder(views.inputs, views.lengths)
        frames, targets = cast(Tensor, encoded.frames), cast(Tensor, views.targets)
        chosen = chosen_of(targets)
        logits = self.scores(frames[chosen], self.vectors)
        surprise = F.cross_entropy(logits, targets[chosen], reduction="none").float()
        right = (logits.detach().argmax(1) == targets[chosen]).float()
        empty = torch.zeros_like(targets, dtype=torch.float32)
        extra = {"right": empty.masked_scatter(chosen, right)}
        if self.follows is not None:
            extra["follows"] = self.follows(frames[:, 0])
        return Outputs(encoded.h, empty.masked_scatter(chosen, surprise), extra)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        targets = cast(Tensor, views.targets)
        count = chosen_of(targets).sum().clamp(min=1)
        terms = {"loss": outputs.z.sum() / count, "masked_accuracy": outputs.extra["right"].sum() / count}
        if "follows" in outputs.extra:
            scores, follows = outputs.extra["follows"], targets[:, 0]
            terms["loss"] = terms["loss"] + F.cross_entropy(scores, follows, ignore_index=-1)
            terms["next_sentence_accuracy"] = top1(scores, follows)
        return terms


def chosen_of(targets: Tensor) -> Tensor:
    """bool [B, T]: which tokens are to be predicted; never the first, which is [CLS]."""
    chosen = targets >= 0
    chosen[:, 0] = False
    return chosen


def text_pairs(x: Tensor, context: int, rng: SampleRNG) -> tuple[Tensor, Tensor]:
    """[CLS] first [SEP] second [SEP], [B, context], of windows [B, 2 * context]; and int64 [B], 1 where it follows."""
    first = (context - 3) // 2
    second = context - 3 - first
    follows = rng.fold_in("next").integers(2, 1)[:, 0]
    after, later = x[:, first : first + second], x[:, -second:]
    start, end = (x.new_full((len(x), 1), token) for token in (START, SEPARATOR))
    joined = [start, x[:, :first], end, torch.where(follows[:, None] == 1, after, later), end]
    return torch.cat(joined, dim=1), follows
