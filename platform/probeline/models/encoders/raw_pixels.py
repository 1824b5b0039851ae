"""The pixels themselves as representation: the floor under every encoder."""

from torch import Tensor

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings

DETERMINISTIC = True  # it has no weights to initialise


class Config(EncoderSettings):
    """No parameters; use it with the method `random_init`, as there is nothing to train."""


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for images [H, W, C]: h is the image as a vector, [B, C * H * W]."""
    return RawPixels(sample.size)


class RawPixels(Encoder):
    """h = x as a vector."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        return Encoded(x.flatten(1))
