"""Variational autoencoder of sound: a normal code for every stretch of a clip, and log-mel energies made likely again.

Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014, arXiv 1312.6114; codes along time as in Chorowski, Weiss,
Bengio, van den Oord: Unsupervised Speech Representation Learning Using WaveNet Autoencoders, arXiv 1901.08810.
"""

from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.metric import Metric, loss_term
from probeline.core.sample_rng import SampleRNG
from probeline.methods.generative._sound import SoundMethod
from probeline.models.likelihood import MAX_LOG_VARIANCE, divergence
from probeline.models.mel_autoencoder import Pooled
from probeline.models.mel_settings import MelSettings
from probeline.models.time_pooling import real_frames

TAKES = ("waveform",)
GIVES = ("likelihood",)
METRICS = {
    "bits_per_dim": loss_term("training bits per dim", "bits"),
    "kl_bits": Metric("training divergence of the codes", "bits"),
}


class Config(MelSettings):
    """The loss is in bits per dim: nats over the number of levels and ln 2."""

    latent_dim: int = Field(16, ge=1, description="Size of a code.")
    beta: float = Field(1.0, ge=0, description="Weight of the KL term; 1 is the bound.")


class VAEAudio(SoundMethod[Config]):
    """Eq. 10 with one sample of every code; the prior over codes is N(0, 1), each apart."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts, config.latent_dim, "vae_audio")
        self.posterior = nn.Conv1d(encoder.dim, 2 * config.latent_dim, 1)
        self.rate = int(facts.sample.rate or 1)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The clips as they are; the targets are eps, the noise of z, as many numbers as the longest clip may need."""
        count = (self.body.positions(batch.inputs.shape[1] / self.rate) + 2) * self.config.latent_dim
        return Views(batch.inputs, rng.normal(count, "eps"), batch.index, batch.lengths)

    def forward(self, views: Views) -> Outputs:
        """z: mu [B, D, P]; `log_variance` likewise; `mean`, `log_scale`: of the levels; `positions`: [B]."""
        pooled = self.body.encode(self.encoder, views.inputs, views.lengths)
        mu, log_variance = self._posterior(pooled)
        noise = cast(Tensor, views.targets).unflatten(1, (self.config.latent_dim, -1))[..., : mu.shape[2]]
        pixels = self.body.decode(mu + torch.exp(log_variance / 2) * noise, pooled.positions)
        extra = {"log_variance": log_variance, "positions": pooled.positions, **pixels._asdict()}
        return Outputs(pooled.h, mu, extra)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Minus the bound in bits per dim, its KL term weighed by `beta`."""
        extra, (likelihoods, bits) = outputs.extra, self.likelihood(outputs, views)
        likely = likelihoods.sum() / bits
        apart = _divergences(outputs.z, extra["log_variance"], extra["positions"]).sum() / bits
        terms = {"bits_per_dim": (apart - likely).detach(), "kl_bits": apart.detach()}
        return {"loss": self.config.beta * apart - likely, **terms}

    def sequence_log_weights(self, batch: Batch, rng: SampleRNG, samples: int) -> tuple[Tensor, Tensor]:
        """[samples, B], nats: log p(x, z) - log q(z|x) at codes z drawn from q; and the levels of each clip, [B]."""
        pooled = self.body.encode(self.encoder, batch.inputs, batch.lengths)
        mu, log_variance = self._posterior(pooled)
        target = self.body.of(batch.inputs, batch.lengths, pooled.positions)
        real, weights = real_frames(pooled.positions, mu.shape[2])[:, None], []
        for sample in range(samples):
            noise = rng.normal(mu[0].numel(), f"importance {sample}").unflatten(1, (len(mu[0]), -1))
            z = mu + torch.exp(log_variance / 2) * noise
            ratio = torch.where(real, noise.square() - z.square() + log_variance, 0.0).sum((1, 2)) / 2
            weights.append(self.body.log_probability(self.body.decode(z, pooled.positions), target) + ratio)
        return torch.stack(weights), target.frames * self.config.bands

    def reconstruct(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Levels [B, bands, T] in [0, 1] of clips [B, S]: the decoder's means at z = mu."""
        pooled = self.body.encode(self.encoder, x, lengths)
        return self.body.decode(self._posterior(pooled)[0], pooled.positions).images()

    def sample(self, rng: SampleRNG, seconds: float) -> Tensor:
        """Levels at codes of the prior, a sound a row of `rng`."""
        count, size = self.body.positions(seconds), self.config.latent_dim
        z = rng.normal(count * size, "prior").unflatten(1, (size, count))
        return self.body.decode(z, torch.full_like(rng.integers(1, 1)[:, 0], count)).images()

    def _posterior(self, pooled: Pooled) -> tuple[Tensor, Tensor]:
        """mu and log sigma^2, [B, latent_dim, P]."""
        mu, log_variance = self.posterior(pooled.frames).chunk(2, dim=1)
        return mu, log_variance.clamp(-MAX_LOG_VARIANCE, MAX_LOG_VARIANCE)


def _divergences(mu: Tensor, log_variance: Tensor, positions: Tensor) -> Tensor:
    """KL of each clip's real codes from the prior, nats, [B]."""
    real = real_frames(positions, mu.shape[2])[:, None]
    mu, log_variance = (torch.where(real, each.float(), 0.0) for each in (mu, log_variance))  # 0 there: no divergence
    return divergence(mu.flatten(1), log_variance.flatten(1))
