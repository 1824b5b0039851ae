"""The convolutional network of siamese one-shot learning, of any width.

Koch, Zemel, Salakhutdinov: Siamese Neural Networks for One-shot Image Recognition, ICML Deep Learning Workshop 2015,
figure 4 and section 3.2.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings

TAKES = ("image",)
LAYERS = ((64, 10), (128, 7), (128, 4), (256, 4))
"""(channels, kernel) of the convolutions, as in figure 4."""
UNITS = 4096
"""Of the last layer."""


class Config(EncoderSettings):
    """The paper's: 105x105 images, channels times 1, its own initial weights.

    `width`: factor of the channels and of the units of the last layer. `side`: images are resized to side x side;
    of less than 65 the convolutions leave nothing.
    """

    width: float = Field(1.0, gt=0)
    side: int = Field(105, ge=65)
    init: Literal["paper", "scaled"] = Field(
        "paper", description="`scaled`: by the number of inputs (He et al. 2015, arXiv 1502.01852) and biases of 0."
    )


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for images [H, W, C]: h [B, 4096 * width], from 0 to 1."""
    encoder = Koch(sample.channels, config.width, config.side)
    for name, weight in encoder.named_parameters():
        is_unit = name.startswith("units")
        if config.init == "paper":
            mean = 0.5 if name.endswith("bias") else 0.0
            nn.init.normal_(weight, mean, 0.2 if is_unit and not mean else 1e-2)
        elif weight.ndim > 1:
            nn.init.kaiming_normal_(weight, nonlinearity="sigmoid" if is_unit else "relu")
        else:
            nn.init.zeros_(weight)
    return encoder


class Koch(Encoder):
    """Convolutions without padding, ReLU and 2x2 max-pooling but after the last, a layer of sigmoid units."""

    def __init__(self, inputs: int, width: float, side: int) -> None:
        super().__init__()
        self.side, self.dim = side, max(1, round(UNITS * width))
        self.convolutions = nn.ModuleList()
        for channels, kernel in LAYERS:
            outputs = max(1, round(channels * width))
            self.convolutions.append(nn.Conv2d(inputs, outputs, kernel))
            inputs = outputs
        self.units = nn.Linear(inputs * remaining(side) ** 2, self.dim)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        if x.shape[2:] != (self.side, self.side):
            x = F.interpolate(x, (self.side, self.side), mode="bilinear", antialias=True)
        for number, convolution in enumerate(self.convolutions):
            x = F.relu(convolution(x))
            x = F.max_pool2d(x, 2) if number < len(self.convolutions) - 1 else x
        return Encoded(self.units(x.flatten(1)).sigmoid())


def remaining(side: int) -> int:
    """The side of the last map of images of side x side."""
    for number, (_, kernel) in enumerate(LAYERS):
        side = side - kernel + 1
        side = side // 2 if number < len(LAYERS) - 1 else side
    return side
