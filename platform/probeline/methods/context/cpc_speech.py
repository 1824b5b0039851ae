"""Contrastive predictive coding of speech: predict the features of the next frames, against other frames.

Van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, section 3.1.
"""

import math
from typing import Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import Metric, loss_term, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.errors import UserError
from probeline.losses.sequence.noise_contrast import info_nce
from probeline.methods._speech import FutureFeatures, Negatives
from probeline.models.speech_encoder import require_speech_encoder

TAKES = ("waveform",)
METRICS = {
    "top1": percentage("training top-1 accuracy"),
    "information": Metric("training bound on mutual information", "nats", "higher"),
    "log_n": Metric("training ceiling of the bound on mutual information", "nats"),
    "loss_<step>_ahead": loss_term("training loss, <step> frames ahead"),
}


class Config(Settings):
    """12 steps in the paper; its number of negatives is not stated, and its windows have 1.28 s (`data.window_s`).

    `candidates`: where negatives are from, table 2: `mixed` is all sequences of the batch, `same_speaker` those of the
    same speaker; with `_excluded` the sequence itself has none; `sequence` is that sequence alone. Where a sequence has
    no candidates, such as that of the only clip of a speaker in a batch, it has those of all sequences.

    Deviation: a sequence's negatives are drawn once for all its frames and steps, as the product of all frames with
    them is then one matrix product.
    """

    steps: int = Field(12, ge=1, description="Frames ahead that are predicted, K.")
    negatives: int = Field(128, ge=1)
    candidates: Literal["mixed", "same_speaker", "mixed_excluded", "same_speaker_excluded", "sequence"] = "mixed"


class CPCSpeech(FutureFeatures[Config]):
    """Eq. 3 and 4 for every step k with its own W_k; N candidates, so the loss is at least log N - I(z; c)."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        features = require_speech_encoder(encoder, "cpc_speech").feature_dim
        by_speaker = config.candidates.startswith("same_speaker")
        if by_speaker and "speaker" not in facts.label_names:
            raise UserError(
                f"method.candidates: {config.candidates} needs a label `speaker`; the data have "
                f"{', '.join(facts.label_names) or 'none'}: use `mixed`, or a manifest with that column"
            )
        self.label = facts.extra("speaker") if by_speaker else None
        self.predictors = nn.ModuleList(nn.Linear(encoder.dim, features, bias=False) for _ in range(config.steps))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The windows as they are; targets: the speaker and the numbers that choose negatives, [B, 1 + negatives]."""
        chosen = torch.cat([batch.labels[:, None].double(), rng.uniform(self.config.negatives, "negatives")], dim=1)
        return Views(batch.inputs, chosen, batch.index, batch.lengths)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 4, the mean over steps; `information` is the bound log N - L_N on I(z; c), all in nats."""
        z, counts = outputs.z.float(), outputs.extra["frames"]
        rows, frames = self._negatives(cast(Tensor, views.targets), counts)
        own = rows == torch.arange(len(z), device=z.device)[:, None]
        others = Negatives(z[rows, frames], frames, own)
        # The scale is absorbed by W_k; with it first scores are near 0.
        ahead = self.steps_ahead(outputs, lambda step: others, info_nce, z.shape[2] ** -0.5)
        loss = torch.stack(ahead.losses).mean()
        ceiling = loss.new_tensor(math.log(1 + self.config.negatives))
        return {
            "loss": loss,
            "log_n": ceiling,
            "information": ceiling - loss.detach(),
            "top1": torch.stack(ahead.correct).mean(),
            **ahead.terms,
        }

    def _negatives(self, chosen: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Row and frame of each sequence's negatives, [B, K]: every frame that may be one is as likely."""
        allowed = self._allowed(chosen[:, 0])
        weights = allowed * counts  # [B, B] frames that each sequence offers
        ends = weights.cumsum(1)
        number = (chosen[:, 1:] * ends[:, -1:]).long().minimum(ends[:, -1:] - 1)
        rows = torch.searchsorted(ends, number, right=True)
        return rows, number - (ends - weights).gather(1, rows)

    def _allowed(self, speakers: Tensor) -> Tensor:
        """bool [B, B]: which sequences give each its negatives."""
        itself = torch.eye(len(speakers), dtype=torch.bool, device=speakers.device)
        if self.config.candidates == "sequence":
            return itself
        allowed = torch.ones_like(itself)
        if self.config.candidates.startswith("same_speaker"):
            allowed = (speakers[:, None] == speakers) & (speakers >= 0)[:, None] | itself
        if self.config.candidates.endswith("excluded"):
            allowed = allowed & ~itself
        return allowed | ~allowed.any(1, keepdim=True)
