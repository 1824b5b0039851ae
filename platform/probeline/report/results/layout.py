"""The layout of a grid: which axis runs along, which tells lines apart, and what each line is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from probeline.report.results.axis_values import absent, is_number, short, shown

AxisValues = Mapping[str, tuple[Any, ...]]
"""Axis -> its values, in the spec's order of axes."""


@dataclass(frozen=True)
class ReportLayout:
    """How the grid is read: `x` runs along, every other varying axis tells lines apart; arms stand beside."""

    x: str | None
    line: str | None
    lines: tuple[str, ...]  # of the grid, in the spec's order
    arms: tuple[str, ...]
    x_values: tuple[Any, ...]  # ascending where they are numbers, else in the spec's order

    @property
    def labels(self) -> tuple[str, ...]:
        """Lines, then arms: the order that fixes colours and symbols on the whole page."""
        return self.lines + self.arms


def layout_of(first: pd.DataFrame, values: AxisValues, x: str | None, line: str | None) -> ReportLayout:
    """Read the grid. An axis that is not there, or an x with one value, gives way to the first that fits.

    `first`: a row a cell.
    """
    varying = {axis: of for axis, of in values.items() if len(of) > 1}
    if x not in varying:
        x = next((axis for axis, of in varying.items() if axis != line and all(map(is_number, of))), None)
    if line not in values or line == x:
        others = [axis for axis in values if axis != x]
        line = next((axis for axis in others if axis in varying), next(iter(others), None))
    named = line_names(first, values, x, line)
    arms = first["arm"].notna() if len(first) else pd.Series(dtype=bool)
    return ReportLayout(
        x,
        line,
        tuple(dict.fromkeys(name for name, arm in zip(named, arms, strict=True) if not arm)),
        tuple(dict.fromkeys(name for name, arm in zip(named, arms, strict=True) if arm)),
        varying[x] if x else (),
    )


def line_names(first: pd.DataFrame, values: AxisValues, x: str | None, line: str | None) -> list[str]:
    """The line of each cell; of an arm its own name."""
    others = [axis for axis, of in values.items() if axis not in (x, line) and len(of) > 1]
    names, alone = [], int(first["arm"].isna().sum()) == 1
    for row in first[["arm", "cell", *values]].astype(object).to_dict("records"):
        if not absent(row["arm"]):
            names.append(str(row["arm"]))
            continue
        parts = [line_name(line, row[line], bool(others))] if line is not None and not absent(row[line]) else []
        parts += [f"{short(axis)}={shown(row[axis])}" for axis in others if not absent(row[axis])]
        names.append(", ".join(parts) or (str(row["cell"]) if alone else "the grid"))
    taken = {name for name, row in zip(names, first["arm"], strict=True) if absent(row)}
    return [
        f"{name} (arm)" if not absent(arm) and name in taken else name
        for name, arm in zip(names, first["arm"], strict=True)
    ]


def line_name(axis: str, value: Any, among_others: bool = False) -> str:
    """What a line is called by its value: a method by its name; a number, or one value of several, by its axis too."""
    plainly = isinstance(value, str) and (not among_others or "." not in axis)
    return shown(value) if plainly else f"{short(axis)}={shown(value)}"
