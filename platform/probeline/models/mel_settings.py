"""Parameters of the autoencoders of sound. Torch-free, for planning."""

from pydantic import Field

from probeline.core.settings import Settings


class MelSettings(Settings):
    """What is made likely are log-mel energies, 100 frames a second, in 256 levels of 0.1 nats."""

    bands: int = Field(40, ge=1, le=128, description="Mel bands.")
    code_rate: int = Field(50, ge=1, description="Codes a second; a divisor of the encoder's frames and of 100.")
    decoder_width: int = Field(64, ge=1, description="The decoder's channels.")
