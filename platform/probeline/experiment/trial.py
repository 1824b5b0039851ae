"""Cells (a point of the grid, or an arm) and trials (a cell and a seed)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from probeline.experiment.resolved import ResolvedRecipe

EXACT = 2**53
"""From here on not every whole number is a float."""


class Null(Enum):
    """The null of an axis in a frame of results, where None says that a cell has no such axis."""

    NULL = "null"

    def __str__(self) -> str:
        return self.value


NULL = Null.NULL


@dataclass(frozen=True)
class FinishedTrial:
    """A trial of any experiment, by its id, whose encoder a cell's method learns from."""

    id: str


@dataclass(frozen=True)
class Cell:
    """One point of the grid, seeds aside.

    `coordinates`: axis key -> the value's label where the file gives one or it is a component, else the scalar value;
    {} for an arm. `recipe` has all defaults; cells share its sections. `label` is unique in its experiment. `teacher`:
    whose encoder, of the same seed where it is a cell's, the method learns from.
    """

    coordinates: dict[str, Any]
    arm: str | None
    recipe: ResolvedRecipe
    label: str
    teacher: "Cell | FinishedTrial | None" = None

    @property
    def rank(self) -> int:
        """How many cells must be trained before this one: 0 where it learns from no other."""
        return 1 + self.teacher.rank if isinstance(self.teacher, Cell) else 0


def axis_value(coordinates: Mapping[str, Any], axis: str) -> Any:
    """The value of a cell's axis as frames hold it: NULL for a null, None for an axis that the cell does not have."""
    return framed(coordinates[axis]) if axis in coordinates else None


def framed(value: Any) -> Any:
    """A value as frames hold it: NULL for a null; a number without a fraction is whole, however it was written."""
    if value is None:
        return NULL
    whole = isinstance(value, float) and value.is_integer() and abs(value) < EXACT
    return int(value) if whole else value


@dataclass(frozen=True)
class Teacher:
    """The trained encoder that a trial's method learns from: its id, and whose it is in words."""

    encoder_id: str
    name: str


@dataclass(frozen=True)
class Trial:
    """A cell and a seed; `id` and `encoder_id` are 16 hex digits each.

    `judged_on`: the split that its results describe; a trial judged on `validation` never reads the test split.
    `protocols`: the only ones that are still to be run, on the encoder that is trained already; None: all.
    `teacher`: what must have been trained before.
    """

    id: str
    encoder_id: str
    cell: Cell
    seed: int
    judged_on: str = "test"
    protocols: tuple[str, ...] | None = None
    teacher: Teacher | None = None
