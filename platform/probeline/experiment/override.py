"""A value for one key of a recipe, with the line of the file or the `--set` that it is from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from probeline.experiment.problems import Path, Problem, dotted
from probeline.experiment.yaml_source import SpecSource


@dataclass(frozen=True, eq=False)
class Override:
    """A value for a dotted recipe key; `at` is its path in the file, `text` the `--set` that it came by."""

    key: str
    value: Any
    at: Path
    text: str | None = None
    path: tuple[str, ...] = field(init=False)
    section: str = field(init=False)

    def __post_init__(self) -> None:
        path = tuple(self.key.split("."))
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "section", path[0])

    def problem(self, source: SpecSource, below: Path, message: str) -> Problem:
        """A mistake in the value, `below` it."""
        if self.text is not None:
            return Problem(self.text, dotted((self.key, *below)) if below else "", message)
        # What is unknown is the key of an axis, not the value that happened to be tried first.
        about_key = not below and message.startswith("unknown") and isinstance(self.at[-1], int)
        if message.startswith("unknown to") and self.at[0] in ("grid", "zip") and "did you mean" not in message:
            message += "; an axis for some of the cells goes under `when`"
        return source.problem(self.at[:-1] if about_key else (*self.at, *below), message)


def by_depth(overrides: Iterable[Override]) -> list[Override]:
    """Whole components before their parameters, else in the order given."""
    return sorted(overrides, key=lambda override: len(override.path))
