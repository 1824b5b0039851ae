"""The results of one experiment, read once: trials, history, axes, metrics, layouts and cells.

results = Results(*tracking.reading.results.frame(uri, trials))
layout = results.layout(x="training.batch_size")
for cell in results.cells("linear_probe/top1", layout):
    print(cell.label, cell.estimate)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from probeline.plugins.metrics import matches_pattern, primary_metric
from probeline.report.results import cells as by_cell
from probeline.report.results import columns
from probeline.report.results.cells import CellResult, MetricOutcome, PlannedCell
from probeline.report.results.layout import ReportLayout, layout_of, line_names
from probeline.report.results.metrics import FALLBACK
from probeline.statistics.sequential import Looks

HISTORY = ("trial_id", "name", "step", "value")
Axes = tuple[str | None, str | None]


def no_history() -> pd.DataFrame:
    """A history without a record."""
    return pd.DataFrame(columns=list(HISTORY))


@dataclass(frozen=True, eq=False)
class Results:
    """What the trials of an experiment have recorded. Neither frame may be changed afterwards: cells are cached.

    Args:
        trials: A row for each planned trial, in that order: `cell`, `arm`, `seed`, `status`, the axes by their dotted
            keys, the last value of each metric by `protocol/name`, `recipe`, provenance.
        history: A row for each record of an epoch: trial_id, name, step, value.
        looks: When differences were looked at, where that decided the number of seeds.
    """

    trials: pd.DataFrame
    history: pd.DataFrame = field(default_factory=no_history)
    looks: Looks | None = None
    _outcomes: dict[str, list[MetricOutcome]] = field(default_factory=dict, init=False, repr=False)
    _layouts: dict[Axes, ReportLayout] = field(default_factory=dict, init=False, repr=False)
    _lines: dict[Axes, list[str]] = field(default_factory=dict, init=False, repr=False)
    _cells: dict[tuple[str, str | None, str | None], tuple[CellResult, ...]] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The axes, in the spec's order."""
        return tuple(columns.axes(self.trials))

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of which a finished trial has a number."""
        return tuple(columns.metrics(self.trials))

    @cached_property
    def main_metric(self) -> str:
        """The primary metric of the first protocol that the trials' recipes evaluate and that has one."""
        recipes = (recipe for recipe in self.trials.get("recipe", ()) if isinstance(recipe, dict))
        evaluations = (recipe.get("evaluation") for recipe in recipes)
        primary = primary_metric(next((protocols for protocols in evaluations if protocols), ()))
        if primary is None:
            return FALLBACK
        return next((name for name in map(str, self.trials.columns) if matches_pattern(primary, name)), primary)

    @cached_property
    def values(self) -> dict[str, tuple[Any, ...]]:
        """Axis -> its values: ascending where they are all numbers, else in the spec's order."""
        return {axis: tuple(columns.values_of(self._first, axis)) for axis in self.axes}

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """The axes that have several values."""
        return tuple(axis for axis, values in self.values.items() if len(values) > 1)

    def layout(self, x: str | None = None, line: str | None = None) -> ReportLayout:
        """How the grid is read. An axis that is not there, or an x with one value, gives way to the first that fits."""
        if (x, line) not in self._layouts:
            self._layouts[x, line] = layout_of(self._first, self.values, x, line)
        return self._layouts[x, line]

    def cells(self, metric: str, layout: ReportLayout) -> tuple[CellResult, ...]:
        """One result for each cell of the plan, in plan order; without values where no trial has the metric."""
        key = (metric, layout.x, layout.line)
        if key not in self._cells:
            if metric not in self._outcomes:
                self._outcomes[metric] = by_cell.outcomes(self.trials, self._planned, metric)
            of_each = zip(self._planned, self._outcomes[metric], self._line_names(layout), strict=True)
            self._cells[key] = tuple(by_cell.cell_result(*one, layout.x, self.looks) for one in of_each)
        return self._cells[key]

    def cells_of(self, metrics: Sequence[str], layout: ReportLayout) -> list[tuple[CellResult, ...]]:
        """`cells` of each metric, in order."""
        return [self.cells(metric, layout) for metric in metrics]

    def matching(self, where: dict[str, Any]) -> "Results":
        """The trials with these axis values, and the arms; an axis that is not there matches nothing but arms."""
        return Results(columns.matching(self.trials, where), self.history, self.looks) if where else self

    def missing(self, metric: str) -> pd.Series:
        """Whether each trial is without a value of this metric, as booleans in the order of trials."""
        if metric not in self.trials:
            return pd.Series(True, index=self.trials.index)
        return (self.trials["status"] != "finished") | self.trials[metric].isna()

    @cached_property
    def _first(self) -> pd.DataFrame:
        return by_cell.firsts(self.trials)

    @cached_property
    def _planned(self) -> list[PlannedCell]:
        return by_cell.planned_cells(self.trials, self.axes)

    def _line_names(self, layout: ReportLayout) -> list[str]:
        key = (layout.x, layout.line)
        if key not in self._lines:
            self._lines[key] = line_names(self._first, self.values, *key)
        return self._lines[key]
