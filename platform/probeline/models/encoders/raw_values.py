"""The values themselves as representation, of vectors and series: the floor under every encoder.

h of a series is its points one after the other, zeros after the last, and its frames are the points: what dynamic time
warping compares.
"""

from torch import Tensor
from torch.nn import functional as F

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings

TAKES = ("vector", "series")
GIVES = ("frames",)
DETERMINISTIC = True  # it has no weights to initialise


class Config(EncoderSettings):
    """No parameters; use it with `random_init`, as there is nothing to train, or with a classical metric learner."""


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for vectors [F] or series [T, F]; dim is the size of the longest one."""
    return RawValues(sample)


class RawValues(Encoder):
    """h = x as a vector."""

    def __init__(self, sample: SampleSpec) -> None:
        super().__init__()
        self.dim = sample.size
        self.frame_rate = float(sample.rate) if sample.rate else None

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        flat = x.flatten(1)
        h = F.pad(flat, (0, max(0, self.dim - flat.shape[1])))[:, : self.dim]
        return Encoded(h, x if x.ndim == 3 else None, lengths)
