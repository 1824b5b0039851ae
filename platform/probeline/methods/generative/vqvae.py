"""VQ-VAE: encode an image as a grid of codes from a learned codebook, and make it likely again.

Van den Oord, Vinyals, Kavukcuoglu: Neural Discrete Representation Learning, NeurIPS 2017, arXiv 1711.00937.
"""

import math

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.metric import Metric, loss_term
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.data.images.augment.settings import Augmentation
from probeline.methods._shapes import view_shape
from probeline.models.decoder import Pixels
from probeline.models.vq_autoencoder import VQAutoencoder
from probeline.models.vq_settings import QuantiserSettings

GIVES = ("likelihood",)
METRICS = {
    "bits_per_dim": loss_term("training bits per dim", "bits"),
    "reconstruction": loss_term("training bits per dim of the pixels", "bits"),
    "commitment": Metric("training commitment term", "bits"),
    "perplexity": Metric("training perplexity of the codes", digits=1),
}


class Config(QuantiserSettings):
    """The paper's encoder has two strided convolutions; here codes come from the last map of the encoder to be judged.

    Pixels are 8-bit levels under a discretised logistic; the loss is eq. 3 in bits per dim.
    """

    augment: Augmentation = Field([{"name": "flip"}], description="By default the whole image or its mirror image.")


class VQVAE(Method):
    """Eq. 1 to 3; the prior over codes is uniform."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.body = VQAutoencoder(config, encoder, view_shape(config.augment, facts), "vqvae")

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        return Views(augment(batch.inputs, self.config.augment, rng))

    def forward(self, views: Views) -> Outputs:
        """z: z_e before it is quantised, [B, D, h, w]; `mean`, `log_scale`: of the pixels, [B, C, H, W]."""
        h, vectors = self.body.encode(self.encoder, views.inputs)
        return Outputs(h, vectors, self.body.decode(self.body.quantise(vectors))._asdict())

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 3 in bits per dim."""
        return self.body.terms(views.inputs, outputs.z, Pixels(**outputs.extra))

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        self.body.update(outputs.z)

    def log_weights(self, images: Tensor, rng: SampleRNG, samples: int) -> Tensor:
        """[1, B], nats: log p(x, z) of images [B, C, H, W] in [0, 1] at their codes, each of which has 1/K.

        One row whatever `samples`: the codes are certain, so that log q is 0 and another sample is the same one.
        """
        index = self.body.index(self.encoder, images)
        likely = self.body.pixels(index).log_probability(images)
        return (likely - self.body.positions * math.log(self.config.codes))[None]

    def reconstruct(self, images: Tensor) -> Tensor:
        """images [B, C, H, W] in [0, 1] -> the decoder's means at their codes, likewise."""
        return self.body.pixels(self.body.index(self.encoder, images)).images()

    def sample(self, rng: SampleRNG) -> Tensor:
        """The decoder's means at codes drawn evenly, an image a row of `rng`: all there is without a prior."""
        index = rng.integers(self.config.codes, self.body.positions, "prior")
        return self.body.pixels(index.view(-1, *self.body.grid)).images()
