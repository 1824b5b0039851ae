"""VQ-VAE with an autoregressive prior over its codes: a bound on an image's probability, and samples.

Van den Oord, Vinyals, Kavukcuoglu: Neural Discrete Representation Learning, NeurIPS 2017, arXiv 1711.00937, section
3.3; the prior is the PixelCNN of arXiv 1606.05328.
"""

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
from probeline.models.pixelcnn import PixelCNN
from probeline.models.vq_autoencoder import VQAutoencoder
from probeline.models.vq_settings import QuantiserSettings

GIVES = ("likelihood",)
METRICS = {
    "bits_per_dim": loss_term("training bits per dim", "bits"),
    "reconstruction": loss_term("training bits per dim of the pixels", "bits"),
    "commitment": Metric("training commitment term", "bits"),
    "perplexity": Metric("training perplexity of the codes", digits=1),
    "codes_bits_per_dim": loss_term("training bits per dim of the codes", "bits"),
}


class Config(QuantiserSettings):
    """The paper trains the prior when the VQ-VAE is done. Here both learn in one training, in one or two phases.

    No gradient of the prior reaches the VQ-VAE, so encoder and codebook are those of `vqvae` with the same settings. By
    default the prior learns the codes while they still move, which a decaying rate ends. With `freeze_after` the VQ-VAE
    stands still after so many epochs, in evaluation mode, and the prior alone learns on: the paper's two stages.

    It is for the probability of images and for samples, not for h: the encoder is `vqvae`'s, which keeps what redraws
    the pixels. The table of `experiments/README.md` puts it beside an untrained one.
    """

    prior_width: int = Field(64, ge=1, description="Channels of the prior.")
    prior_layers: int = Field(6, ge=1, description="Layers of the prior.")
    freeze_after: float | None = Field(None, gt=0, description="Epochs after which only the prior learns.")
    augment: Augmentation = Field([{"name": "flip"}], description="By default the whole image or its mirror image.")


class VQVAEPrior(Method):
    """Eq. 3 for the autoencoder, cross entropy of the codes for the prior."""

    seen: Tensor

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        self.body = VQAutoencoder(config, encoder, view_shape(config.augment, facts), "vqvae_prior")
        self.prior = PixelCNN(config.codes, config.prior_width, config.prior_layers)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))  # samples trained on
        self._samples: int | None = None  # `seen` on the host, None where it is to be read
        self.register_load_state_dict_post_hook(_forget_samples)
        self.last_seen = None if config.freeze_after is None else int(config.freeze_after * facts.train_size)

    @property
    def frozen(self) -> bool:
        """Whether the VQ-VAE's own training is over."""
        if self.last_seen is None:
            return False
        if self._samples is None:
            self._samples = int(self.seen)  # waits for the device: once, then counted here
        return self._samples >= self.last_seen

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        return Views(augment(batch.inputs, self.config.augment, rng))

    def forward(self, views: Views) -> Outputs:
        frozen = self.frozen
        if frozen:
            self.encoder.eval()
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            h, vectors = self.body.encode(self.encoder, views.inputs)
            pixels = self.body.decode(self.body.quantise(vectors))
        code = self.prior.log_probability(self.body.codebook.nearest(vectors)).flatten(1)
        return Outputs(h, vectors, {"code_log_probability": code, **pixels._asdict()})

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        extra = outputs.extra
        own = self.body.terms(views.inputs, outputs.z, Pixels(extra["mean"], extra["log_scale"]))
        code = -extra["code_log_probability"].float().mean()  # nats of one code, the scale of a classifier's loss
        bits = code.detach() * self.body.positions / self.body.bit
        bounds = {"bits_per_dim": own["reconstruction"] + bits, "codes_bits_per_dim": bits}
        return own | bounds | {"loss": code if self.frozen else own["loss"] + code}

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        if not self.frozen:
            self.body.update(outputs.z)
        self.seen += len(outputs.h)
        if self._samples is not None:
            self._samples += len(outputs.h)

    def log_weights(self, images: Tensor, rng: SampleRNG, samples: int) -> Tensor:
        """[1, B], nats: log p(x, z) of images [B, C, H, W] in [0, 1] at their codes under the prior.

        One row whatever `samples`: the codes are certain, so that log q is 0 and another sample is the same one.
        """
        index = self.body.index(self.encoder, images)
        return (self.body.pixels(index).log_probability(images) + self.prior.log_probability(index).sum((1, 2)))[None]

    def code_log_probability(self, images: Tensor) -> Tensor:
        """[B, places], nats: log p of each code of images [B, C, H, W] given those before it."""
        return self.prior.log_probability(self.body.index(self.encoder, images)).flatten(1)

    def reconstruct(self, images: Tensor) -> Tensor:
        """images [B, C, H, W] in [0, 1] -> the decoder's means at their codes, likewise."""
        return self.body.pixels(self.body.index(self.encoder, images)).images()

    def sample(self, rng: SampleRNG) -> Tensor:
        """The decoder's means at codes drawn from the prior, one image a row of `rng`, in [0, 1]."""
        uniform = rng.uniform(self.body.positions, "prior").view(-1, *self.body.grid)
        return self.body.pixels(self.prior.sample(uniform)).images()


def _forget_samples(method: VQVAEPrior, keys: object) -> None:
    """After a state was loaded its number of samples is read again."""
    method._samples = None
