"""The quantised autoencoder around an encoder: positions of its last map get codes, a decoder makes pixels of them.

Van den Oord, Vinyals, Kavukcuoglu: Neural Discrete Representation Learning, NeurIPS 2017, arXiv 1711.00937.
"""

import math

import torch
from torch import Tensor, nn

from probeline.core.encoder import Encoder
from probeline.models.codebook import Codebook, perplexity, quantiser_loss, straight_through
from probeline.models.decoder import Decoder, Pixels
from probeline.models.spatial_map import find_map, with_map
from probeline.models.vq_settings import QuantiserSettings


class VQAutoencoder(nn.Module):
    """The codes come from the map whose mean is h: a probe on h reads what the codes are computed from.

    That map is coarser than the paper's grid of codes; a 1x1 convolution and a pixel shuffle bring it there. The
    encoder is passed in at each call, as it belongs to the method.
    """

    def __init__(self, settings: QuantiserSettings, encoder: Encoder, shape: tuple[int, int, int], name: str) -> None:
        """`shape`: (C, H, W) of the views; `name`: the method's, for messages. Raises UserError as `find_map` does."""
        super().__init__()
        self.settings, self.shape = settings, shape
        self.site, coarse = find_map(encoder, shape, name)
        finer = max(1, round(math.sqrt(math.prod(shape[1:]) / math.prod(coarse)) / settings.downsampling))
        self.grid = (coarse[0] * finer, coarse[1] * finer)
        self.enter = nn.Sequential(
            nn.Conv2d(encoder.dim, settings.code_dim * finer**2, 1),
            nn.PixelShuffle(finer),
            nn.GroupNorm(1, settings.code_dim, affine=False),  # the size of the first codes
        )
        self.codebook = Codebook(
            settings.codes, settings.code_dim, settings.decay if settings.codebook == "ema" else None
        )
        self.decoder = Decoder(settings.code_dim, settings.decoder_width, shape, self.grid)

    @property
    def positions(self) -> int:
        """Codes of an image."""
        return self.grid[0] * self.grid[1]

    @property
    def bit(self) -> float:
        """Nats of an image that make one bit per dim."""
        return math.prod(self.shape) * math.log(2)

    def encode(self, encoder: Encoder, images: Tensor) -> tuple[Tensor, Tensor]:
        """h [B, dim] and z_e [B, D, *grid] of images [B, C, H, W]."""
        h, features = with_map(encoder, self.site, images)
        return h, self.enter(features)

    def quantise(self, vectors: Tensor) -> Tensor:
        """The nearest codes, with the gradient of z_e [B, D, h, w] itself: straight through (section 3.2)."""
        return straight_through(self.codebook, vectors)

    def decode(self, codes: Tensor) -> Pixels:
        """Pixels of codes [B, D, *grid]."""
        return self.decoder(codes)

    def terms(self, images: Tensor, vectors: Tensor, pixels: Pixels) -> dict[str, Tensor]:
        """Eq. 3 over D ln 2, so in bits per dim, of images [B, C, H, W], their z_e [B, D, h, w], and decoded pixels.

        `bits_per_dim` adds the codes under the uniform prior, log2 K each.
        """
        index, vectors = self.codebook.nearest(vectors), vectors.float()
        codes = self.codebook(index).float()
        reconstruction = -pixels.log_probability(images).mean() / self.bit
        loss, commitment = quantiser_loss(self.settings, reconstruction, vectors, codes, self._distance)
        uniform = self.positions * math.log(self.settings.codes) / self.bit
        return {
            "loss": loss,
            "bits_per_dim": reconstruction.detach() + uniform,
            "reconstruction": reconstruction.detach(),
            "commitment": commitment.detach(),
            "perplexity": perplexity(index, self.settings.codes),
        }

    def _distance(self, vectors: Tensor, codes: Tensor) -> Tensor:
        """The squared distance of vectors [B, D, h, w] from their codes, over an image's positions, in bits per dim."""
        distances = (vectors - codes).square().flatten(1).sum(1).mean() / self.bit
        return distances if self.settings.reduction == "sum" else distances / self.positions

    def index(self, encoder: Encoder, images: Tensor) -> Tensor:
        """Codes' indices [B, *grid] of images."""
        return self.codebook.nearest(self.encode(encoder, images)[1])

    def pixels(self, index: Tensor) -> Pixels:
        """Pixels decoded from indices [B, *grid]."""
        return self.decode(self.codebook(index))

    @torch.no_grad()
    def update(self, vectors: Tensor) -> None:
        """After a step on z_e [B, D, h, w]: moving averages and restarts, where the settings have them."""
        if self.settings.codebook == "ema" or self.settings.restart_below:
            self.codebook.update(vectors, self.settings.restart_below)
