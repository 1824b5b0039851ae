"""A linear map of the sample: the smallest encoder that can learn, a Mahalanobis metric where distances are judged."""

from pydantic import Field
from torch import Tensor, nn

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.settings import EncoderSettings

TAKES = ("image", "vector")


class Config(EncoderSettings):
    """`dim`: the size of h. `bias`: distances do not see it, cosines do."""

    dim: int = Field(32, ge=1)
    bias: bool = True


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for samples of a fixed shape: [B, ...] in, h [B, dim] out. Raises UserError for others."""
    if None in sample.shape:
        raise UserError(f"encoder linear takes samples of one shape; these are {sample.modality} {sample.shape}")
    return Linear(sample.size, config.dim, config.bias)


class Linear(Encoder):
    """h = W x + b."""

    def __init__(self, inputs: int, dim: int, bias: bool) -> None:
        super().__init__()
        self.dim = dim
        self.layer = nn.Linear(inputs, dim, bias=bias)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        return Encoded(self.layer(x.flatten(1)))
