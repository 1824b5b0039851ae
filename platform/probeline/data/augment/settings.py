"""The parameter that every augmentation has. Torch-free, for planning."""

from typing import Annotated

from pydantic import Field

from probeline.core.settings import Settings

Probability = Annotated[float, Field(ge=0, le=1)]


class Op(Settings):
    """The base of every operation's Config."""

    p: Probability = Field(1.0, description="Probability that a sample gets it.")


def ascending(name: str, values: tuple[float, float]) -> None:
    """Raises ValueError where the upper end of the range `name` stands first."""
    if values[0] > values[1]:
        raise ValueError(f"{name} is [{values[0]}, {values[1]}]: the lower end comes first")
