"""Variational autoencoder: encode an image as a distribution over codes, and make it likely again.

Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014, arXiv 1312.6114. Bits per dim by importance sampling:
Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, ICLR 2016, arXiv 1509.00519, eq. 8.
"""

import math
from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.metric import Metric, loss_term
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.data.augment.views import augment
from probeline.data.images.augment.settings import Augmentation
from probeline.methods._shapes import view_shape
from probeline.models.decoder import Decoder, Pixels
from probeline.models.likelihood import MAX_LOG_VARIANCE, divergence

GIVES = ("likelihood",)
METRICS = {
    "bits_per_dim": loss_term("training bits per dim", "bits"),
    "kl_bits": Metric("training divergence of the codes", "bits"),
}


class Config(Settings):
    """The paper's networks are perceptrons; here the encoder has a linear head for mu and log sigma^2 on h.

    Pixels are 8-bit levels under a discretised logistic, so that the bound is one on their probability. The loss is in
    bits per dim: nats over D ln 2, which changes no minimum and lets one learning rate do for all sizes.
    """

    latent_dim: int = Field(64, ge=1, description="Size of the code z.")
    beta: float = Field(1.0, ge=0, description="Weight of the KL term; 1 is the bound.")
    decoder_width: int = Field(16, ge=1, description="The decoder's channels at the full size.")
    augment: Augmentation = Field([{"name": "flip"}], description="By default the whole image or its mirror image.")


GRID = 4  # rows and columns of the decoder's first grid, about


class VAE(Method):
    """Eq. 10 with one sample: log p(x|z) by z = mu + sigma eps, and the KL divergence in closed form."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.shape = view_shape(config.augment, facts)
        shrunk = 2 ** max(0, math.ceil(math.log2(max(self.shape[1:]) / GRID)))
        grid = tuple(-(-side // shrunk) for side in self.shape[1:])
        width = 4 * config.decoder_width
        self.posterior = nn.Linear(encoder.dim, 2 * config.latent_dim)
        self.enter = nn.Sequential(
            nn.Linear(config.latent_dim, width * math.prod(grid)), nn.Unflatten(1, (width, *grid))
        )
        self.decoder = Decoder(width, config.decoder_width, self.shape, grid)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The targets are eps, the noise of z."""
        return Views(augment(batch.inputs, self.config.augment, rng), rng.normal(self.config.latent_dim, "eps"))

    def forward(self, views: Views) -> Outputs:
        """z: mu [B, latent_dim]; `log_variance` likewise; `mean`, `log_scale`: of the pixels, [B, C, H, W]."""
        h = self.encoder(views.inputs).h
        mu, log_variance = self._posterior(h)
        pixels = self._decode(mu + torch.exp(log_variance / 2) * cast(Tensor, views.targets))
        return Outputs(h, mu, {"log_variance": log_variance, **pixels._asdict()})

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Minus the bound of eq. 10 in bits per dim, its KL term weighed by `beta`."""
        extra, bit = outputs.extra, math.prod(self.shape) * math.log(2)
        likely = Pixels(extra["mean"], extra["log_scale"]).log_probability(views.inputs).mean() / bit
        apart = divergence(outputs.z.float(), extra["log_variance"].float()).mean() / bit
        terms = {"bits_per_dim": (apart - likely).detach(), "kl_bits": apart.detach()}
        return {"loss": self.config.beta * apart - likely, **terms}

    def log_weights(self, images: Tensor, rng: SampleRNG, samples: int) -> Tensor:
        """[samples, B], nats: log p(x, z) - log q(z|x) of images [B, C, H, W] in [0, 1] at codes z drawn from q."""
        mu, log_variance = self._posterior(self.encoder(images).h)
        log_weights = []
        for sample in range(samples):
            eps = rng.normal(self.config.latent_dim, f"importance {sample}")
            z = mu + torch.exp(log_variance / 2) * eps
            prior_over_posterior = (eps.square() - z.square() + log_variance).sum(1) / 2
            log_weights.append(self._decode(z).log_probability(images) + prior_over_posterior)
        return torch.stack(log_weights)

    def reconstruct(self, images: Tensor) -> Tensor:
        """images [B, C, H, W] in [0, 1] -> the decoder's means at z = mu, likewise."""
        return self._decode(self._posterior(self.encoder(images).h)[0]).images()

    def sample(self, rng: SampleRNG) -> Tensor:
        """The decoder's means at codes of the prior, one image a row of `rng`, in [0, 1]."""
        return self._decode(rng.normal(self.config.latent_dim, "prior")).images()

    def project(self, h: Tensor) -> Tensor:
        """mu of the posterior."""
        return self._posterior(h)[0]

    def _posterior(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log sigma^2, [B, latent_dim], of h [B, dim]."""
        mu, log_variance = self.posterior(h).chunk(2, dim=1)
        return mu, log_variance.clamp(-MAX_LOG_VARIANCE, MAX_LOG_VARIANCE)

    def _decode(self, z: Tensor) -> Pixels:
        return self.decoder(self.enter(z))
