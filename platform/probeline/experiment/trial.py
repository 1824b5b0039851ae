"""What a grid expands to: cells (a point of the grid, or an arm) and trials (a cell and a seed)."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One point of the grid, seeds aside.

    `coordinates`: axis key -> scalar value, or the label of a component; {} for an arm. `recipe` is resolved, with
    all defaults, JSON-able and shared between cells: read it, never change it. `label` is unique in its experiment.
    """

    coordinates: dict[str, Any]
    arm: str | None
    recipe: dict[str, Any]
    label: str


@dataclass(frozen=True)
class Trial:
    """A cell and a seed; `id` and `encoder_id` are 16 hex digits each.

    `judged_on`: the part that its results are about; a trial judged on `validation` never reads the test part.
    `protocols`: the only ones that are still to be run, on the encoder that is trained already; None: all.
    """

    id: str
    encoder_id: str
    cell: Cell
    seed: int
    judged_on: str = "test"
    protocols: tuple[str, ...] | None = None
