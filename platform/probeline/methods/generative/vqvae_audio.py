"""VQ-VAE of sound: a code from a learned codebook for every stretch of a clip, a causal prior over the codes.

Van den Oord, Vinyals, Kavukcuoglu: Neural Discrete Representation Learning, NeurIPS 2017, arXiv 1711.00937, sections 3
and 4.3; the prior is that of WaveNet, arXiv 1609.03499.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import Metric, loss_term
from probeline.core.sample_rng import SampleRNG
from probeline.methods.generative._sound import SoundMethod
from probeline.models.codebook import Codebook, perplexity, quantiser_loss, straight_through
from probeline.models.decoder import Pixels
from probeline.models.mel_autoencoder import Pooled
from probeline.models.mel_settings import MelSettings
from probeline.models.time_pooling import real_frames
from probeline.models.vq_settings import CodebookSettings
from probeline.models.wavenet import WaveNet

TAKES = ("waveform",)
GIVES = ("likelihood",)
METRICS = {
    "bits_per_dim": loss_term("training bits per dim", "bits"),
    "energies_bits_per_dim": loss_term("training bits per dim of the log-mel energies", "bits"),
    "commitment": Metric("training commitment term", "bits"),
    "perplexity": Metric("training perplexity of the codes", digits=1),
    "codes_bits_per_dim": loss_term("training bits per dim of the codes", "bits"),
}


class Config(MelSettings, CodebookSettings):
    """The loss is eq. 3 in bits per dim. The paper has 512 codes 250 times a second, 128 codes 25 times a second where
    it compares them with phones.

    No gradient of the prior reaches the VQ-VAE; the prior learns the codes while they still move, which a decaying rate
    ends. A vector becomes one of unit variance over its numbers before it is quantised, the size of the first codes.
    """

    prior_width: int = Field(64, ge=1, description="Channels of the prior.")
    prior_layers: int = Field(4, ge=1, description="Layers of the prior.")


class VQVAEAudio(SoundMethod[Config]):
    """Eq. 3 for the autoencoder, cross entropy of the codes for the prior."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts, config.code_dim, "vqvae_audio")
        self.enter = nn.Sequential(
            nn.Linear(encoder.dim, config.code_dim), nn.LayerNorm(config.code_dim, elementwise_affine=False)
        )
        self.codebook = Codebook(config.codes, config.code_dim, config.decay if config.codebook == "ema" else None)
        self.prior = WaveNet(config.codes, config.prior_width, config.prior_layers)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The clips as they are."""
        return Views(batch.inputs, None, batch.index, batch.lengths)

    def forward(self, views: Views) -> Outputs:
        """z: z_e before it is quantised, [B, D, 1, P]; `mean`, `log_scale`: of the levels; `positions`: [B]."""
        pooled, vectors = self._encode(views.inputs, views.lengths)
        pixels = self.body.decode(straight_through(self.codebook, vectors)[:, :, 0], pooled.positions)
        code = self.prior.log_probability(self.codebook.nearest(vectors)[:, 0])
        extra = {"positions": pooled.positions, "code_log_probability": code, **pixels._asdict()}
        return Outputs(pooled.h, vectors, extra)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 3 in bits per dim, and the nats of one code, the scale of a classifier's loss."""
        extra, real, (likely, bits) = outputs.extra, self._real(outputs), self.likelihood(outputs, views)
        vectors = _of_all(outputs.z.float(), real)
        index = self.codebook.nearest(vectors)
        weight = bits if self.config.reduction == "sum" else bits * extra["positions"].float().mean()

        def distance(one: Tensor, other: Tensor) -> Tensor:
            return (one - other).square().sum() / weight

        loss, commitment = quantiser_loss(
            self.config, -likely.sum() / bits, vectors, self.codebook(index).float(), distance
        )
        codes = -torch.where(real, extra["code_log_probability"].float(), 0.0).sum()
        reconstruction, codes_bits = -likely.detach().sum() / bits, codes.detach() / bits
        return {
            "loss": loss + codes / real.sum(),
            "bits_per_dim": reconstruction + codes_bits,
            "energies_bits_per_dim": reconstruction,
            "commitment": commitment.detach(),
            "perplexity": perplexity(index, self.config.codes),
            "codes_bits_per_dim": codes_bits,
        }

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        if self.config.codebook == "ema" or self.config.restart_below:
            self.codebook.update(_of_all(outputs.z, self._real(outputs)), self.config.restart_below)

    def codes(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """The codes of clips x [B, S], int64 [B, P], and how many of the P are real, [B]."""
        pooled, vectors = self._encode(x, lengths)
        return self.codebook.nearest(vectors)[:, 0], pooled.positions

    def code_times(self) -> tuple[float, float]:
        """Where the middle of what the first code stands for is in a clip, and from code to code, in samples."""
        return self.body.times(self.encoder)

    def sequence_log_weights(self, batch: Batch, rng: SampleRNG, samples: int) -> tuple[Tensor, Tensor]:
        """[1, B], nats: log p(x, z) at the codes, which are certain; and the levels of each clip, [B]."""
        index, positions = self.codes(batch.inputs, batch.lengths)
        target = self.body.of(batch.inputs, batch.lengths, positions)
        likely = self.body.log_probability(self._decoded(index, positions), target)
        return (likely + self._prior(index, positions))[None], target.frames * self.config.bands

    def sequence_code_log_probability(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Nats: log p of each clip's codes, [B], and how many there are, [B]."""
        index, positions = self.codes(batch.inputs, batch.lengths)
        return self._prior(index, positions), positions

    def reconstruct(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Levels [B, bands, T] in [0, 1] of clips [B, S]: the decoder's means at their codes."""
        return self._decoded(*self.codes(x, lengths)).images()

    def sample(self, rng: SampleRNG, seconds: float) -> Tensor:
        """Levels at codes drawn from the prior, a sound a row of `rng`."""
        count = self.body.positions(seconds)
        index = self.prior.sample(rng.uniform(count, "prior"))
        return self._decoded(index, torch.full_like(index[:, 0], count)).images()

    def _encode(self, x: Tensor, lengths: Tensor | None) -> tuple[Pooled, Tensor]:
        """Frames of the codes, and z_e [B, D, 1, P]."""
        pooled = self.body.encode(self.encoder, x, lengths)
        return pooled, self.enter(pooled.frames.mT).mT[:, :, None]

    def _decoded(self, index: Tensor, positions: Tensor) -> Pixels:
        return self.body.decode(self.codebook(index[:, None])[:, :, 0], positions)

    def _prior(self, index: Tensor, positions: Tensor) -> Tensor:
        """[B], nats: log p of the codes [B, P] that are real."""
        likely = self.prior.log_probability(index)
        return torch.where(real_frames(positions, index.shape[1]), likely, 0.0).sum(1)

    def _real(self, outputs: Outputs) -> Tensor:
        return real_frames(outputs.extra["positions"], outputs.z.shape[3])


def _of_all(vectors: Tensor, real: Tensor) -> Tensor:
    """The real ones of vectors [B, D, 1, P] as one sequence [1, D, 1, N]; real: bool [B, P]."""
    return vectors[:, :, 0].mT[real].T[None, :, None]
