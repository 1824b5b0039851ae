"""The baseline that cells are compared with: an arm, a cell, a value of an axis, or what a cell matches."""

from collections.abc import Sequence
from typing import Any

from probeline.experiment.match import MISSING, value_at
from probeline.report.results.axis_values import shown
from probeline.report.results.cells import CellResult
from probeline.report.sentences.text import isolated

Baseline = str | dict[str, Any] | None


def title(baseline: Baseline, results: Sequence[CellResult] = ()) -> str:
    """The baseline in words; of `results` the labels that the axes give what a mapping names."""
    if isinstance(baseline, dict):
        named = _by_label(results, {key: shown(value) for key, value in baseline.items()})
        return isolated(", ".join(f"{key}={value}" for key, value in named.items()))
    return isolated(baseline)


def counterparts(results: Sequence[CellResult], baseline: Baseline) -> dict[str, CellResult]:
    """For each cell's label, the cell it is compared with; cells without one are left out.

    One matching cell is compared with all others. Several, such as a method's at each batch size, are each compared
    with the cells that differ from them only in what names the baseline, and in axes that the baseline has not.
    """
    fixed = _fixed(results, baseline)
    chosen = [cell for cell in results if baseline in (cell.label, cell.line if cell.arm else None)]
    chosen = chosen or [cell for cell in results if fixed and all(_at(cell, key) == v for key, v in fixed.items())]
    labels = {cell.label for cell in chosen}
    others = [cell for cell in results if cell.label not in labels]
    if len(chosen) == 1:
        return {cell.label: chosen[0] for cell in others}
    at = {_rest(cell, fixed): cell for cell in chosen}
    return {cell.label: at[rest] for cell in others if not cell.arm for rest in _within(_rest(cell, fixed), at)}


def _fixed(results: Sequence[CellResult], baseline: Baseline) -> dict[str, Any]:
    """What the baseline fixes: itself as a mapping, or the first axis that has it as a value."""
    if baseline is None or isinstance(baseline, dict):
        return _by_label(results, {key: shown(value) for key, value in (baseline or {}).items()})
    axes = dict.fromkeys(axis for cell in results for axis in cell.coordinates)
    return next(({axis: baseline} for axis in axes if any(_at(cell, axis) == baseline for cell in results)), {})


def _by_label(results: Sequence[CellResult], named: dict[str, str]) -> dict[str, str]:
    """The same with an axis's label in place of a component's name that none of its labels is."""
    labels = {}
    for key, value in named.items():
        of_axis = {shown(cell.coordinates[key]): cell for cell in results if key in cell.coordinates}
        components = (label for label, cell in of_axis.items() if _in_recipe(cell, key) == value)
        labels[key] = value if value in of_axis else next(components, value)
    return labels


def _at(cell: CellResult, key: str) -> str | None:
    """The cell's value at a dotted key, as text, or None: of its axis, else of its recipe; a component's name."""
    return shown(cell.coordinates[key]) if key in cell.coordinates else _in_recipe(cell, key)


def _in_recipe(cell: CellResult, key: str) -> str | None:
    value = value_at(cell.recipe, key)
    value = value.get("name", MISSING) if isinstance(value, dict) else value
    return None if value is MISSING else shown(value)


def _rest(cell: CellResult, fixed: dict[str, Any]) -> tuple:
    return tuple((axis, shown(value)) for axis, value in cell.coordinates.items() if axis not in fixed)


def _within(rest: tuple, at: dict[tuple, CellResult]) -> list[tuple]:
    """The one of the baseline's coordinates that these hold, all axes of both or, by `when`, some of these; or none."""
    shapes = dict.fromkeys(tuple(axis for axis, _ in each) for each in at)
    parts = (tuple(pair for pair in rest if pair[0] in shape) for shape in sorted(shapes, key=len, reverse=True))
    return [part for part in parts if part in at][:1]
