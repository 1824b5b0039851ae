"""A small convolutional network: blocks of a 3x3 convolution, batch norm, ReLU and 2x2 max-pooling, then one layer.

With four blocks of 64 channels it is the usual network of few-shot learning: Vinyals, Blundell, Lillicrap, Kavukcuoglu,
Wierstra: Matching Networks for One Shot Learning, NIPS 2016, arXiv 1606.04080, section 4.1.
"""

from itertools import pairwise
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.settings import EncoderSettings

TAKES = ("image",)


class Config(EncoderSettings):
    """`channels` of each block, which halves height and width. `dim`: the size of h; None: the last block's output."""

    channels: tuple[int, ...] = Field((32, 64), min_length=1, max_length=10)
    dim: int | None = Field(32, ge=1)
    units: Literal["linear", "sigmoid"] = Field(
        "linear", description="Of h; `sigmoid`: from 0 to 1, which a weighted L1 distance needs (Koch et al. 2015)."
    )


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for images [H, W, C]. Raises UserError where they are too small for so many blocks."""
    height, width = (int(side or 1) >> len(config.channels) for side in sample.shape[:2])
    if not height or not width:
        raise UserError(
            f"encoder convnet: {len(config.channels)} blocks halve images of {sample.shape[0]}x{sample.shape[1]} to "
            "nothing; give fewer `channels`"
        )
    return ConvNet(sample.channels, config, height * width)


class ConvNet(Encoder):
    """h [B, dim] of images [B, C, H, W]; the layer before h is linear, so h has any sign unless its units squash it."""

    def __init__(self, inputs: int, config: Config, positions: int) -> None:
        super().__init__()
        channels, dim = config.channels, config.dim
        blocks = [layer for pair in pairwise((inputs, *channels)) for layer in block(*pair)]
        flat = channels[-1] * positions
        self.dim = dim or flat
        last: list[nn.Module] = [nn.Linear(flat, dim)] if dim else []
        squash: list[nn.Module] = [nn.Sigmoid()] if config.units == "sigmoid" else []
        self.layers = nn.Sequential(*blocks, nn.Flatten(), *last, *squash)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        return Encoded(self.layers(x))


def block(inputs: int, outputs: int) -> list[nn.Module]:
    """Convolution, batch norm, ReLU, max-pooling."""
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)  # batch norm has the bias
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
