"""No training at all: the encoder as it was initialised, the floor that every method has to beat."""

from probeline.core.method import Method
from probeline.core.settings import Settings

TAKES = ("image", "waveform", "tokens", "series", "vector")
DETERMINISTIC = True  # h is the encoder's, whatever the seed


class Config(Settings):
    """No parameters."""


class RandomInit(Method):
    """Leaves the encoder alone; batch norm keeps its initial statistics (mean 0, variance 1)."""

    trains = False
