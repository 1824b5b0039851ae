"""Convolutions on the waveform with a causal context: the networks of CPC and of wav2vec, of any width.

Van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, section 3.1.
Schneider, Baevski, Collobert, Auli: wav2vec: Unsupervised Pre-training for Speech Recognition, arXiv 1904.05862.
"""

from typing import Literal

from pydantic import Field

from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings
from probeline.models.speech_encoder import Context, ConvContext, NoContext, RecurrentContext, SpeechEncoder
from probeline.models.wave_stack import WaveStack
from probeline.models.waveforms import waveform_rate

TAKES = ("waveform",)
GIVES = ("frames", "layers")


class Config(EncoderSettings):
    """CPC's: 512 channels and a GRU of 256; wav2vec's: 512 channels, `context: conv` of 9 layers and `norm: group`.

    At other rates than 16 kHz strides are halved or doubled, so that frames are about as long. CPC's paper has no norm,
    with which a short training goes nowhere; `layer` is that of Riviere et al. 2020, arXiv 2002.02848, section 3.
    """

    stack: Literal["cpc", "wav2vec2"] = "cpc"
    width: int = Field(512, ge=1, description="Channels of the convolutions.")
    norm: Literal["none", "layer", "group", "first"] = "layer"
    bias: bool = Field(True, description="Of the convolutions; wav2vec's code has none, nor has `norm: first`.")
    padding: Literal["valid", "causal"] = Field("valid", description="`causal`: silence before the first sample.")
    activation: Literal["relu", "gelu"] = "relu"
    context: Literal["gru", "conv", "none"] = "gru"
    context_width: int = Field(256, ge=1)
    context_layers: int = Field(1, ge=1)
    scale: Literal["sample", "none"] = Field("none", description="`sample`: each waveform to mean 0 and variance 1.")

    def layer_count(self) -> int:
        """The features and what the context gives."""
        return 1 + {"none": 0, "gru": 1, "conv": self.context_layers}[self.context]


def build(config: Config, sample: SampleSpec) -> SpeechEncoder:
    """The encoder for waveforms. Raises UserError for other samples."""
    rate = waveform_rate(sample, "wave_conv")
    stack = WaveStack(config.stack, rate, config.width, config.norm, config.padding, config.activation, config.bias)
    return SpeechEncoder(stack, _context(config), config.width, rate, scale=config.scale == "sample")


def _context(config: Config) -> Context:
    if config.context == "none":
        return NoContext(config.width)
    kind = RecurrentContext if config.context == "gru" else ConvContext
    return kind(config.width, config.context_width, config.context_layers)
