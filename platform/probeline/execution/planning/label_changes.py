"""Augmentations that change what a label means, such as the mirror image of a digit: notes of a plan.

A data set states them: `LABEL_CHANGED_BY = ("flip",)`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probeline.errors import UserError
from probeline.experiment.trial import Cell
from probeline.plugins import catalog

CONSTANT = "LABEL_CHANGED_BY"


def label_changes(cells: Sequence[Cell]) -> list[str]:
    """A note for each augmentation that changes what a label of its data means, with the cells concerned."""
    by_note: dict[str, list[str]] = {}
    notes_of: dict[tuple[int, int], list[str]] = {}  # sections are shared between cells
    for cell in cells:
        key = (id(cell.recipe.data), id(cell.recipe.method))
        if key not in notes_of:
            notes_of[key] = list(_notes(cell))
        for note in notes_of[key]:
            by_note.setdefault(note, []).append(cell.label)
    return [f"{_labels(labels)}: {note}" for note, labels in by_note.items()]


def _labels(labels: Sequence[str]) -> str:
    return f"{labels[0]!r}" + (f" and {len(labels) - 1} more" if len(labels) > 1 else "")


def _notes(cell: Cell) -> Iterator[str]:
    data = cell.recipe.data.name
    for operation in _changing(data):
        for key in _keys(cell.recipe.method.parameters, operation, "method"):
            yield (
                f"{key} changes what a sample of {data} means: views of one sample are told to be alike that people "
                f"would label apart; 0 switches it off"
            )


def _changing(data: str) -> tuple[str, ...]:
    try:
        return tuple(catalog.constant("datasets", data, CONSTANT, ()))
    except UserError:  # its mistake is reported where the data set is used
        return ()


def _keys(value: Any, operation: str, at: str) -> Iterator[str]:
    """The dotted keys of parameters by which the operation is applied to some samples."""
    if isinstance(value, Mapping):
        if value.get("name") == operation and value.get("p", 1):
            yield f"{at}.p"
        elif "name" not in value and isinstance(value.get(operation), int | float) and value[operation]:
            yield f"{at}.{operation}"
        for name, inner in value.items():
            yield from _keys(inner, operation, f"{at}.{name}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _keys(inner, operation, f"{at}[{index}]")
