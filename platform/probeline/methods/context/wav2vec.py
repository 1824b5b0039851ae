"""wav2vec: tell the frames to come from other frames of the same clip, one by one.

Schneider, Baevski, Collobert, Auli: wav2vec: Unsupervised Pre-training for Speech Recognition, Interspeech 2019,
arXiv 1904.05862, section 2.2.
"""

from functools import partial
from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import loss_term, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.losses.sequence.noise_contrast import binary_nce
from probeline.methods._speech import FutureFeatures, Negatives
from probeline.models.speech_encoder import require_speech_encoder

TAKES = ("waveform",)
METRICS = {
    "nearest": percentage("training share of frames nearer than every negative"),
    "loss_<step>_ahead": loss_term("training loss, <step> frames ahead"),
}


class Config(Settings):
    """The paper's values: 12 steps, 10 negatives, lambda the number of negatives; its crops have 9.4 s.

    Deviation: a clip's negatives are drawn once for all its frames, a set for each step, not anew for each frame. The
    paper sums over steps and frames, here is the mean of both, which changes no minimum.
    """

    steps: int = Field(12, ge=1, description="Frames ahead that are predicted, K.")
    negatives: int = Field(10, ge=1, description="Of the same clip.")
    weight: float | None = Field(None, gt=0, description="lambda; null: the number of negatives.")


class Wav2vec(FutureFeatures[Config]):
    """Eq. 1 for every step k with its own affine map h_k of the context."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        features = require_speech_encoder(encoder, "wav2vec").feature_dim
        self.predictors = nn.ModuleList(nn.Linear(encoder.dim, features) for _ in range(config.steps))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The windows as they are; targets: numbers that choose negatives, [B, steps * negatives] in [0, 1)."""
        count = self.config.steps * self.config.negatives
        return Views(batch.inputs, rng.uniform(count, "negatives"), batch.index, batch.lengths)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 1 in nats a frame, the mean over steps."""
        z, counts = outputs.z.float(), outputs.extra["frames"]
        uniform = cast(Tensor, views.targets).unflatten(1, (self.config.steps, -1))
        chosen = (uniform * counts[:, None, None]).long()
        weight = float(self.config.negatives if self.config.weight is None else self.config.weight)
        own = torch.ones_like(chosen[:, 0], dtype=torch.bool)

        def negatives(step: int) -> Negatives:
            frames = chosen[:, step - 1]
            return Negatives(z.gather(1, frames[..., None].expand(-1, -1, z.shape[2])), frames, own)

        ahead = self.steps_ahead(outputs, negatives, partial(binary_nce, weight=weight))
        return {"loss": torch.stack(ahead.losses).mean(), "nearest": torch.stack(ahead.correct).mean(), **ahead.terms}
