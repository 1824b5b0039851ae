"""Convolutions on the waveform with a transformer over them: the network of wav2vec 2.0 and HuBERT, of any size.

Baevski, Zhou, Mohamed, Auli: wav2vec 2.0, NeurIPS 2020, arXiv 2006.11477, section 4.2. Hsu et al.: HuBERT, IEEE/ACM
TASLP 2021, arXiv 2106.07447, section 3.2.
"""

from typing import Literal, Self

from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings
from probeline.models.speech_encoder import Context, SpeechEncoder
from probeline.models.transformer import Transformer
from probeline.models.transformer_settings import TransformerSettings
from probeline.models.wave_stack import WaveStack
from probeline.models.waveforms import waveform_rate

TAKES = ("waveform",)
GIVES = ("frames", "layers")


class Config(EncoderSettings):
    """BASE's values; LARGE has `width` 1024, `depth` 24, `heads` 16 and `norm: layer` with a pre-norm trunk.

    `context_norm`: `post` as in BASE, `pre` as in LARGE.
    """

    channels: int = Field(512, ge=1, description="Channels of the convolutions.")
    width: int = Field(768, ge=8)
    depth: int = Field(12, ge=1)
    heads: int = Field(12, ge=1)
    norm: Literal["first", "layer", "group", "none"] = Field("first", description="Of the convolutions.")
    context_norm: Literal["post", "pre"] = "post"
    dropout: float = Field(0.1, ge=0, lt=1)
    layer_drop: float = Field(0.05, ge=0, lt=1, description="Blocks left out of a training step.")
    scale: Literal["sample", "none"] = Field("sample", description="`sample`: each waveform to mean 0 and variance 1.")

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads is {self.heads}: it must divide width, which is {self.width}")
        return self

    def layer_count(self) -> int:
        """The features and every block."""
        return 1 + self.depth


def build(config: Config, sample: SampleSpec) -> SpeechEncoder:
    """The encoder for waveforms. Raises UserError for other samples."""
    rate = waveform_rate(sample, "wave_transformer")
    stack = WaveStack("wav2vec2", rate, config.channels, config.norm, "valid", "gelu")
    return SpeechEncoder(stack, TransformerContext(config), config.channels, rate, scale=config.scale == "sample")


class TransformerContext(Context):
    """A layer norm, a map to the trunk's width, and the trunk with relative positions of a convolution."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.dim, self.enter_dim, self.dropout = config.width, config.width, config.dropout
        self.norm = nn.LayerNorm(config.channels)
        self.project = nn.Linear(config.channels, config.width)
        self.trunk = Transformer(
            TransformerSettings(
                width=config.width,
                depth=config.depth,
                heads=config.heads,
                norm=config.context_norm,
                positions="relative_convolution",
                dropout=config.dropout,
                layer_drop=config.layer_drop,
            )
        )

    def normed(self, z: Tensor) -> Tensor:
        return self.norm(z)

    def enter(self, normed: Tensor) -> Tensor:
        return F.dropout(self.project(normed), self.dropout, self.training)

    def attend(self, x: Tensor, counts: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        hidden = self.trunk(x, counts)
        return hidden.last, hidden.layers
