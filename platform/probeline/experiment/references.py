"""Which published values stand beside an experiment's own, and how the paper's axes are called here."""

from typing import Any

from pydantic import Field

from probeline.core.settings import Settings


class References(Settings):
    """Published values by the beginning of their ids, such as `simclr.fig9`.

    An axis whose last word is the paper's own (`training.epochs` and `epochs`) needs no entry in `axes`.
    """

    id: str | list[str] = Field(description="The beginning of published ids, or several.")
    axes: dict[str, str] = Field(default_factory=dict, description="What the paper varied -> the axis here.")
    values: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="By the paper's name of an axis: the paper's value -> the value here."
    )
    only: dict[str, Any] = Field(default_factory=dict, description="Leave out published values unless they match.")

    @property
    def ids(self) -> list[str]:
        """The prefixes as a list."""
        return [self.id] if isinstance(self.id, str) else list(self.id)


def referred(references: str | References | None) -> References | None:
    """The long form: a string is an id."""
    return References(id=references) if isinstance(references, str) else references
