"""Mel-frequency cepstral coefficients with deltas: the classical features of speech, a floor under every encoder.

Davis, Mermelstein: Comparison of parametric representations for monosyllabic word recognition, IEEE TASSP 1980; Kaldi's
conventions. With 13 coefficients and two orders of deltas these are HuBERT's first targets (arXiv 2106.07447, 3.2).
"""

from typing import Literal

from pydantic import Field
from torch import Tensor

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.settings import EncoderSettings
from probeline.models.spectral import Cepstrum, normalised, with_deltas
from probeline.models.time_pooling import Pooling, dimension, pooled
from probeline.models.waveforms import sample_lengths, waveform_rate

DETERMINISTIC = True  # it has no weights to initialise
TAKES = ("waveform",)
GIVES = ("frames", "layers")


class Config(EncoderSettings):
    """Use it with the method `random_init`, as there is nothing to train.

    `normalise`: `sample` gives each coefficient mean 0 and deviation 1 over the frames of a sample.
    """

    coefficients: int = Field(13, ge=2, le=23, description="The first one is the log energy.")
    deltas: int = Field(2, ge=0, le=2, description="Orders of differences over time.")
    normalise: Literal["sample", "none"] = "sample"
    pooling: Literal["mean", "mean_and_deviation"] = "mean_and_deviation"

    def layer_count(self) -> int:
        """The frames."""
        return 1


BANDS = 23  # of the energies that are transformed, as in Kaldi


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for waveforms. Raises UserError for other samples, and for a rate too low for 23 bands."""
    rate = waveform_rate(sample, "mfcc")
    try:
        return MfccEncoder(config, rate)
    except ValueError as error:
        raise UserError(f"encoder mfcc: waveforms of {rate} Hz: {error}; resample them to 8,000 Hz or more") from error


class MfccEncoder(Encoder):
    """`frames`: coefficients and deltas [B, T, F]; h: over them, the mean or mean and deviation."""

    def __init__(self, config: Config, rate: int) -> None:
        super().__init__()
        self.cepstrum, self.config = Cepstrum(rate, config.coefficients, BANDS), config
        self.pooling: Pooling = config.pooling
        spectrogram = self.cepstrum.log_mel.spectrogram
        self.dim = dimension(config.coefficients * (config.deltas + 1), self.pooling)
        self.frame_rate, self.first_frame = rate / spectrogram.hop, spectrogram.window / 2

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        counts = self.cepstrum.log_mel.spectrogram.frames(sample_lengths(x, lengths))
        frames = with_deltas(self.cepstrum(x), counts, self.config.deltas)
        h_frames = normalised(frames, counts) if self.config.normalise == "sample" else frames
        return Encoded(pooled(frames, counts, self.pooling), h_frames, counts, (h_frames,))
