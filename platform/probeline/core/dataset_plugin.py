"""The contract of a data set's file, beside its `Config`: what it is read from, and what was read."""

from pathlib import Path
from typing import Protocol, TypeVar

from probeline.core.dataset import Split
from probeline.core.settings import Settings

C = TypeVar("C", bound=Settings, contravariant=True)
R = TypeVar("R", covariant=True)


class DatasetPlugin(Protocol[C, R]):
    """A module with these functions; `R` is what `read` may return beside plain splits: splits with more about them.

    Optional: `classes(config)`, the names of the classes where `read` returns plain splits.
    """

    __file__: str | None

    def files(self, config: C) -> list[Path]:
        """What `read` will read. Called by planning, so it only looks; sizes and times date the cached copy."""

    def read(self, config: C) -> dict[str, Split] | R:
        """The splits `train` and `test`, and `validation` where the set has one.

        Raises:
            BadData: damaged files.
            UserError: a wrong path.
        """
