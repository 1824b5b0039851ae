"""The section `seeds: {until: decided, ...}`: seeds that run until the comparisons of cells are decided."""

from typing import Annotated, Any, Literal

from pydantic import Field

from probeline.core.settings import Settings

Side = str | dict[str, Any]
"""A cell or an arm by its label, a value of an axis, or what the cells match."""


class UntilDecided(Settings):
    """Seeds in waves: a comparison gets another seed as long as it is undecided, every other cell `first` seeds.

    The test after each seed is group-sequential (`python -m pydoc probeline.statistics.sequential`), so that looking
    after every seed claims no more than 5% of differences that do not exist.
    """

    until: Literal["decided"]
    compare: list[Annotated[list[Side], Field(min_length=2, max_length=2)]] = Field(
        min_length=1, description="Pairs of cells, by label, by a value of an axis, or by what they match."
    )
    smallest: float | None = Field(
        None, gt=0, description="The smallest difference that matters, in the metric's stored unit: 0.01 is a point."
    )
    first: int = Field(3, ge=2, le=100, description="Seeds before the first look.")
    most: int = Field(20, ge=2, le=100, description="Seeds at most.")

    @property
    def first_look(self) -> int:
        """Seeds before the first look: never more than `most`."""
        return min(self.first, self.most)
