"""HuBERT: predict the cluster of masked frames; clusters are of cepstra first, then of a trained encoder's layer.

Hsu, Bolte, Tsai, Lakhotia, Salakhutdinov, Mohamed: HuBERT: Self-Supervised Speech Representation Learning by Masked
Prediction of Hidden Units, IEEE/ACM TASLP 2021, arXiv 2106.07447, section 2.
"""

from typing import Annotated, Any, Self, cast

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.frames import Embed
from probeline.core.metric import loss_term, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Component, Settings
from probeline.core.trained_layer import TrainedLayer
from probeline.errors import BadData, UserError
from probeline.losses.sequence.masked_prediction import cluster_logits, masked_prediction
from probeline.methods._speech import SpeechMethod
from probeline.models.build import build_encoder
from probeline.models.gradients import scaled_gradient
from probeline.models.kmeans import fitted_centres, nearest_centres
from probeline.models.span_masks import span_mask
from probeline.models.speech_encoder import require_speech_encoder
from probeline.models.time_pooling import pooled, real_frames

TAKES = ("waveform",)
METRICS = {
    "masked_top1": percentage("training top-1 accuracy on masked frames"),
    "masked_loss": loss_term("training loss of masked frames", "nats"),
    "unmasked_loss": loss_term("training loss of frames that are not masked", "nats"),
    "penalty": loss_term("training mean square of the features"),
    "masked": percentage("training share of masked frames", "none"),
}


class Config(Settings):
    """BASE's values (section 4.2 and the authors' code): iteration 1 has 100 clusters of cepstra.

    Iteration 2 has `targets: {encoder: <cell of iteration 1>, layer: 6}` and 500 clusters; or, of weights of elsewhere,
    `teacher: {name: wave_transformer, ..., weights: <file>}` and `layer: 6`. A layer counts from 0, the features before
    the transformer, so block n is layer n.

    Deviation: the targets of a window are computed from the window itself, at the cost of a pass of the teacher, so
    that they need not be stored; at its edges the teacher sees less.
    """

    teacher: Annotated[dict[str, Any], Component("encoders")] = Field(
        {"name": "mfcc", "normalise": "none"}, description="The encoder whose frames are clustered."
    )
    layer: int | None = Field(None, description="The teacher's layer that is clustered; null: its output.")
    targets: TrainedLayer | None = Field(None, description="Instead of both: a layer of a trained encoder.")
    clusters: int = Field(100, ge=2, description="C.")
    fit_frames: int = Field(200_000, ge=2, description="Training frames that clusters are fitted to.")
    alpha: float = Field(1.0, ge=0, le=1, description="Weight of masked frames; the others have 1 - alpha.")
    mask_start: float = Field(0.08, gt=0, lt=1, description="p, share of frames that begin a span.")
    mask_span: int = Field(10, ge=1, description="Frames of a span.")
    temperature: float = Field(0.1, gt=0, description="tau of the cosines.")
    code_dim: int = Field(256, ge=1, description="Size of the clusters' embeddings.")
    penalty_weight: float = Field(10.0, ge=0, description="Of the mean square of the features.")
    feature_gradient: float = Field(0.1, ge=0, le=1, description="Factor of the gradient of the convolutions.")

    @model_validator(mode="after")
    def _one_layer(self) -> Self:
        if self.targets is not None and self.layer is not None:
            raise ValueError(f"layer is {self.layer} beside targets: give targets.layer")
        return self

    @property
    def clustered(self) -> int | None:
        """The teacher's layer that is clustered."""
        return self.layer if self.targets is None else self.targets.layer


class Hubert(SpeechMethod[Config]):
    """Eq. 1 to 3; the clusters are fitted before the first epoch and stay."""

    centres: Tensor

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        speech = require_speech_encoder(encoder, "hubert")
        self.teacher = build_encoder(config.teacher, facts.sample).requires_grad_(False).eval()
        if self.teacher.frame_rate is None:
            raise UserError(f"method.teacher: {config.teacher['name']} keeps no frames; mfcc or wave_transformer does")
        self.ratio = self.teacher.frame_rate / (speech.frame_rate or 1)
        rate = facts.sample.rate or 1
        self.shift = (speech.first_frame - self.teacher.first_frame) * self.teacher.frame_rate / rate
        self.mask_vector = nn.Parameter(torch.rand(speech.context.enter_dim))
        self.project_context = nn.Linear(encoder.dim, config.code_dim)
        self.clusters = nn.Parameter(torch.randn(config.clusters, config.code_dim))
        self.register_buffer("centres", torch.randn(config.clusters, self._teacher_frames(facts).shape[2]))

    def train(self, mode: bool = True) -> Self:
        """The teacher stays in evaluation mode."""
        super().train(mode)
        self.teacher.eval()
        return self

    @torch.no_grad()
    def prepare(self, epoch: int, embed: Embed) -> None:
        """Fits the clusters to the teacher's frames of the training split, before the first epoch alone."""
        if epoch == 0:
            frames = embed(self.config.clustered, self.teacher, self.config.fit_frames).values
            chosen = torch.randperm(len(frames), generator=torch.Generator().manual_seed(0))[: self.config.fit_frames]
            try:
                self.centres.copy_(fitted_centres(frames[chosen.to(frames.device)], self.config.clusters, seed=0))
            except ValueError as error:
                raise BadData(f"method hubert: {error}; lower method.clusters or take more data") from error

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The windows; targets: each frame's cluster and whether it is masked, int64 [B, T, 2]."""
        counts, frames = self.speech.frame_counts(batch.inputs, batch.lengths), self.speech.longest(batch.inputs)
        mask = span_mask(rng.uniform(frames, "mask"), counts, self.config.mask_start, self.config.mask_span)
        units = self._units(batch, frames)
        return Views(batch.inputs, torch.stack([units, mask.long()], dim=2), batch.index, batch.lengths)

    def _units(self, batch: Batch, frames: int) -> Tensor:
        """int64 [B, T]: the cluster of the teacher's frame whose middle is nearest to each frame's."""
        values = self._layer(batch.inputs, batch.lengths)
        at = (torch.arange(frames, device=values.device) * self.ratio + self.shift).round().long()
        values = values[:, at.clamp(0, values.shape[1] - 1)]
        return nearest_centres(values.flatten(0, 1), self.centres).view(values.shape[:2])

    def _layer(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        """The teacher's frames [B, T, D] that are clustered. Raises UserError where it has no such layer."""
        encoded, layer = self.teacher(inputs, lengths), self.config.clustered
        if layer is None:
            return encoded.frames
        if encoded.layers is None or not -len(encoded.layers) <= layer < len(encoded.layers):
            raise UserError(f"method.layer: {layer}; the teacher has layers 0 to {len(encoded.layers or ()) - 1}")
        return encoded.layers[layer]

    def _teacher_frames(self, facts: DatasetInfo) -> Tensor:
        return self._layer(torch.zeros(1, facts.sample.rate or 1), None)

    def forward(self, views: Views) -> Outputs:
        """h: the mean of c; z: c as it is compared with the clusters, [B, T, D]; `frames`, `penalty`: [B]."""
        z, counts = self.speech.features(views.inputs, views.lengths)
        z = scaled_gradient(z, self.config.feature_gradient)
        mask, real = cast(Tensor, views.targets)[..., 1] > 0, real_frames(counts, z.shape[1])
        entered = self.speech.context.enter(self.speech.context.normed(z))
        masked = torch.where(mask[..., None], self.mask_vector.to(entered.dtype), entered)
        c, _ = self.speech.context.attend(masked, counts)
        penalty = (z.float().square().mean(2) * real).sum(1) / counts
        return Outputs(pooled(c, counts), self.project_context(c), {"frames": counts, "penalty": penalty})

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 3 in nats a frame, and the penalty of the authors' code."""
        units, masked = cast(Tensor, views.targets).unbind(2)
        mask, real = masked > 0, real_frames(outputs.extra["frames"], masked.shape[1])
        logits = cluster_logits(outputs.z, self.clusters, self.config.temperature)
        loss, of_masked, of_others = masked_prediction(logits, units, mask, real, self.config.alpha)
        penalty = outputs.extra["penalty"].mean()
        return {
            "loss": loss + self.config.penalty_weight * penalty,
            "masked_loss": of_masked.detach(),
            "unmasked_loss": of_others.detach(),
            "penalty": penalty.detach(),
            "masked_top1": (logits.argmax(2) == units)[mask].float().mean(),
            "masked": (mask & real).sum() / real.sum(),
        }
