"""wav2vec 2.0: tell the quantised features of masked frames from those of other masked frames of the clip.

Baevski, Zhou, Mohamed, Auli: wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations, NeurIPS
2020, arXiv 2006.11477, sections 2 and 3.
"""

from typing import Self, cast

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import Metric, loss_term, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.losses.sequence.masked_contrast import code_perplexity, contrast, distractors, diversity
from probeline.methods._speech import SpeechMethod
from probeline.models.gradients import scaled_gradient
from probeline.models.gumbel_quantiser import GumbelQuantiser
from probeline.models.span_masks import span_mask
from probeline.models.speech_encoder import require_speech_encoder
from probeline.models.time_pooling import pooled, real_frames

TAKES = ("waveform",)
METRICS = {
    "masked_top1": percentage("training top-1 accuracy on masked frames"),
    "contrastive": loss_term("training contrastive loss", "nats"),
    "diversity": loss_term("training diversity loss"),
    "penalty": loss_term("training mean square of the features"),
    "perplexity": Metric("training perplexity of the codes", digits=1),
    "temperature": Metric("training temperature of the quantiser"),
    "masked": percentage("training share of masked frames", "none"),
}


class Config(Settings):
    """BASE's values (section 4.2 and the authors' code). Ablations in the paper use `mask_start` 0.075.

    Deviation: losses are means over masked frames, where the code sums them; so the weights of the other terms are
    those of the code, and the learning rate does not depend on the length of a batch.
    """

    mask_start: float = Field(0.065, gt=0, lt=1, description="p, share of frames that begin a span.")
    mask_span: int = Field(10, ge=1, description="M, frames of a span.")
    distractors: int = Field(100, ge=1, description="K, other masked frames of the clip.")
    contrast_temperature: float = Field(0.1, gt=0, description="kappa.")
    groups: int = Field(2, ge=1, description="G, codebooks.")
    codes: int = Field(320, ge=2, description="V, codes of each.")
    code_dim: int = Field(256, ge=1, description="Size of a quantised vector and of what it is compared in.")
    start_temperature: float = Field(2.0, gt=0, description="tau of the Gumbel softmax at first.")
    least_temperature: float = Field(0.5, gt=0)
    temperature_decay: float = Field(0.999995, gt=0, le=1, description="Factor of tau a step.")
    diversity_weight: float = Field(0.1, ge=0, description="alpha.")
    penalty_weight: float = Field(10.0, ge=0, description="Of the mean square of the features.")
    feature_gradient: float = Field(0.1, ge=0, le=1, description="Factor of the gradient of the convolutions.")

    @model_validator(mode="after")
    def _groups_divide(self) -> Self:
        if self.code_dim % self.groups:
            raise ValueError(f"groups is {self.groups}: it must divide code_dim, which is {self.code_dim}")
        return self


class Wav2vec2(SpeechMethod[Config]):
    """Eq. 2 to 4 and the penalty of the authors' code."""

    step: Tensor

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        speech = require_speech_encoder(encoder, "wav2vec2")
        self.mask_vector = nn.Parameter(torch.rand(speech.context.enter_dim))
        self.quantiser = GumbelQuantiser(speech.feature_dim, config.groups, config.codes, config.code_dim)
        self.project_context = nn.Linear(encoder.dim, config.code_dim)
        self.project_codes = nn.Linear(config.code_dim, config.code_dim)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    @property
    def temperature(self) -> Tensor:
        """tau, which falls geometrically with the steps of the training."""
        config = self.config
        fallen = config.start_temperature * config.temperature_decay ** self.step.double()
        return fallen.clamp(min=config.least_temperature).float()

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The windows; targets: the mask and the numbers that choose distractors, [B, T, 1 + K]."""
        counts = self.speech.frame_counts(batch.inputs, batch.lengths)
        frames = self.speech.longest(batch.inputs)
        mask = span_mask(rng.uniform(frames, "mask"), counts, self.config.mask_start, self.config.mask_span)
        chosen = rng.uniform(frames * self.config.distractors, "distractors").unflatten(1, (frames, -1))
        return Views(batch.inputs, torch.cat([mask[..., None].float(), chosen], dim=2), batch.index, batch.lengths)

    def forward(self, views: Views) -> Outputs:
        """h: the mean of c; z: c as it is compared, [B, T, D]; `targets` likewise; `codes`, their `probabilities`.

        Of each sample, [B]: `frames` that are real, and `penalty`, the mean square of its features.
        """
        z, counts = self.speech.features(views.inputs, views.lengths)
        z = scaled_gradient(z, self.config.feature_gradient)
        real, mask = real_frames(counts, z.shape[1]), cast(Tensor, views.targets)[..., 0] > 0
        normed = self.speech.context.normed(z)
        entered = self.speech.context.enter(normed)
        masked = torch.where(mask[..., None], self.mask_vector.to(entered.dtype), entered)
        c, _ = self.speech.context.attend(masked, counts)
        quantised = self.quantiser(normed, self.temperature)
        extra = {
            "targets": self.project_codes(quantised.vectors),
            "codes": quantised.codes,
            "probabilities": (quantised.probabilities * mask[..., None, None]).sum(1),
            "frames": counts,
            "penalty": (z.float().square().mean(2) * real).sum(1) / counts,
        }
        return Outputs(pooled(c, counts), self.project_context(c), extra)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 2: the contrastive loss and alpha times diversity, and the penalty on the features."""
        extra, targets = outputs.extra, cast(Tensor, views.targets)
        mask = targets[..., 0] > 0
        negatives = distractors(mask, targets[..., 1:])
        each, correct = contrast(
            outputs.z, extra["targets"], extra["codes"], mask, negatives, self.config.contrast_temperature
        )
        use = extra["probabilities"].sum(0) / mask.sum()
        spread, penalty = diversity(use), extra["penalty"].mean()
        loss = each.mean() + self.config.diversity_weight * spread + self.config.penalty_weight * penalty
        return {
            "loss": loss,
            "contrastive": each.detach().mean(),
            "diversity": spread.detach(),
            "penalty": penalty.detach(),
            "masked_top1": correct.float().mean(),
            "perplexity": code_perplexity(use.detach()),
            "temperature": self.temperature,
            "masked": mask.sum() / extra["frames"].sum(),
        }

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        """Counts the steps, which the temperature falls with."""
        self.step += 1
