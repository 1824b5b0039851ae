"""The parameters that every linear probe has. Torch-free, for planning."""

from pydantic import Field

from probeline.core.settings import Settings


class ProbeSettings(Settings):
    """`l2`: penalties to choose from, in units of mean cross entropy. `standardise`: each feature to mean 0, std 1.

    `iterations`: passes over the training features at most, for one penalty; where they end a fit short of its
    optimum the trial has a note.
    """

    l2: tuple[float, ...] = Field((1e-5, 1e-4, 1e-3, 1e-2, 1e-1), min_length=1)
    standardise: bool = True
    iterations: int = Field(2000, ge=1)
