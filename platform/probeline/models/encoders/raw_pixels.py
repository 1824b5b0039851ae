"""The pixels themselves as representation: the floor under every encoder."""

from torch import nn

from probeline.models.settings import EncoderSettings


class Config(EncoderSettings):
    """No parameters; use it with the method `random_init`, as there is nothing to train."""


def build(config: Config, shape: tuple[int, ...]) -> nn.Module:
    """The encoder for samples of `shape` [H, W, C]: h is the image as a vector, [B, C * H * W]."""
    encoder = nn.Flatten()
    encoder.dim = shape[0] * shape[1] * shape[2]
    return encoder
