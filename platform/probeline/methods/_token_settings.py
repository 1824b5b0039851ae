"""Parameters that methods on tokens share. Torch-free, for planning."""

from typing import Literal, Self

from pydantic import Field, model_validator

from probeline.core.settings import Settings


class WindowSettings(Settings):
    """Base of the `Config` of methods that learn from windows of text."""

    context: int | None = Field(None, ge=2, description="Tokens of a window; null: the encoder's context.")
    windows: Literal["packed", "documents"] = Field(
        "packed", description="Windows over all samples laid end to end, or one in each sample, padded where shorter."
    )


class MaskSettings(WindowSettings):
    """Base of the `Config` of methods that hide tokens; the rest of the chosen ones stays as it is."""

    share: float = Field(0.15, gt=0, le=0.9, description="Share of the tokens that is chosen and predicted.")
    masked: float = Field(0.8, ge=0, le=1, description="Share of the chosen tokens that becomes [MASK].")
    random: float = Field(0.1, ge=0, le=1, description="Share of the chosen tokens that becomes any token.")
    unit: Literal["tokens", "words"] = Field("tokens", description="Whether tokens or whole words are chosen.")

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.masked + self.random > 1:
            raise ValueError(f"masked and random are {self.masked:g} and {self.random:g}: together at most 1")
        return self
