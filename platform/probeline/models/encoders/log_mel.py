"""Log-mel energies of 25 ms frames every 10 ms: the floor under every encoder of waveforms."""

from typing import Literal

from pydantic import Field
from torch import Tensor

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.settings import EncoderSettings
from probeline.models.spectral import LogMel, normalised
from probeline.models.time_pooling import Pooling, dimension, pooled
from probeline.models.waveforms import sample_lengths, waveform_rate

DETERMINISTIC = True  # it has no weights to initialise
TAKES = ("waveform",)
GIVES = ("frames", "layers")


class Config(EncoderSettings):
    """Kaldi's conventions; use it with the method `random_init`, as there is nothing to train.

    `normalise`: `sample` gives each band mean 0 and deviation 1 over the frames of a sample, which removes the channel.
    """

    bands: int = Field(40, ge=1, le=128)
    normalise: Literal["sample", "none"] = "sample"
    pooling: Literal["mean", "mean_and_deviation"] = "mean_and_deviation"

    def layer_count(self) -> int:
        """The frames."""
        return 1


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for waveforms. Raises UserError for other samples, and for more bands than fit their rate."""
    rate = waveform_rate(sample, "log_mel")
    try:
        return LogMelEncoder(rate, config.bands, config.normalise == "sample", config.pooling)
    except ValueError as error:
        raise UserError(f"encoder log_mel: bands is {config.bands}: {error}; lower it") from error


class LogMelEncoder(Encoder):
    """`frames`: log-mel energies [B, T, bands]; h: over them, the mean or mean and deviation."""

    def __init__(self, rate: int, bands: int, normalise: bool, pooling: Pooling) -> None:
        super().__init__()
        self.log_mel, self.normalise, self.pooling = LogMel(rate, bands), normalise, pooling
        spectrogram = self.log_mel.spectrogram
        self.dim = dimension(bands, pooling)
        self.frame_rate, self.first_frame = rate / spectrogram.hop, spectrogram.window / 2

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        frames, counts = self.log_mel(x), self.log_mel.spectrogram.frames(sample_lengths(x, lengths))
        h_frames = normalised(frames, counts) if self.normalise else frames
        # Means of normalised frames are 0: a sample as a whole is described by its frames as they are.
        return Encoded(pooled(frames, counts, self.pooling), h_frames, counts, (h_frames,))
