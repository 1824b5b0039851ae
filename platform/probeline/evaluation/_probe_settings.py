"""The parameters that every linear probe has. Torch-free, for planning."""

from typing import Literal

from pydantic import Field

from probeline.core.settings import Settings


class JudgedBy(Settings):
    """What of the data and of the encoder a protocol judges."""

    label: str | None = Field(None, description="Which label is predicted, such as `speaker`; null: the main one.")
    layer: int | None = Field(
        None, description="Which layer's mean over time is judged, 0 the first, -1 the last; null: h."
    )
    pool: Literal["mean", "first", "last"] | None = Field(
        None,
        description="What of the tokens or frames is judged: their mean, the first, the last; null: h, or the mean.",
    )


class ProbeSettings(Settings):
    """`l2`: penalties to choose from, in units of mean cross entropy. `standardise`: each feature to mean 0, std 1.

    `iterations`: passes over the training features at most, for one penalty; where they end a fit short of its
    optimum the trial has a note.
    """

    l2: tuple[float, ...] = Field((1e-5, 1e-4, 1e-3, 1e-2, 1e-1), min_length=1)
    standardise: bool = True
    iterations: int = Field(2000, ge=1)
