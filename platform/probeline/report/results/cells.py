"""Results by cell: which line and x a cell belongs to, what finished and what is missing."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from probeline.report.results.axis_values import absent, plain
from probeline.report.results.columns import RUN, TUNED
from probeline.statistics.differences import Scores
from probeline.statistics.intervals import Estimate, Measurement, estimate
from probeline.statistics.measurement import error_of, measurement
from probeline.statistics.sequential import Looks


@dataclass(frozen=True)
class CellResult:
    """One cell's outcome for one metric. Failed and missing trials are in `missing`, never in a mean."""

    label: str
    line: str
    arm: bool
    x: Any  # the x axis's value, None for an arm
    values: dict[int, float]  # seed -> value, finished trials only
    trials: dict[int, str]  # seed -> trial id, of those values
    missing: tuple[str, ...]  # "seed 2: diverged", one for each trial without a value
    coordinates: dict[str, Any]  # axis -> value; {} for an arm
    recipe: dict[str, Any]
    estimate: Estimate  # mean and interval over the finished seeds
    measurement: Measurement  # what is known of a value apart from its spread over seeds
    tuned: dict[str, Any] | None = None  # as `tracking.studies.outcomes` gives it
    looks: Looks | None = None  # when differences were looked at, where that decided the number of seeds

    @property
    def scores(self) -> Scores:
        """The cell as one side of a comparison."""
        return Scores(self.values, self.measurement, self.looks)


class PlannedRun(NamedTuple):  # of which a page makes 50,000: quick to make
    """One trial of a cell; `row`: its position in the frame of trials."""

    row: int
    seed: int
    trial: str
    status: str
    failure: Any


@dataclass(frozen=True)
class PlannedCell:
    """One cell whatever the metric and the layout."""

    label: str
    arm: bool
    coordinates: dict[str, Any]
    recipe: dict[str, Any]
    tuned: dict[str, Any] | None
    runs: tuple[PlannedRun, ...]
    test_samples: float | None  # None: not recorded


@dataclass(frozen=True)
class MetricOutcome:
    """One cell's values of one metric, whatever the layout; fields as in CellResult."""

    values: dict[int, float]
    trials: dict[int, str]
    missing: tuple[str, ...]
    estimate: Estimate
    measurement: Measurement


def firsts(trials: pd.DataFrame) -> pd.DataFrame:
    """A row a cell, the first: a cell's axes and recipe are the same in all."""
    return trials[~trials["cell"].duplicated()]


def planned_cells(trials: pd.DataFrame, axes: tuple[str, ...]) -> list[PlannedCell]:
    """The cells of a frame in plan order."""
    runs: dict[Any, list[PlannedRun]] = {}
    columns = (trials[name].tolist() for name in ("cell", "seed", "trial_id", "status", "failure"))
    for row, (cell, seed, trial, status, failure) in enumerate(zip(*columns, strict=True)):
        runs.setdefault(cell, []).append(PlannedRun(row, int(seed), str(trial), status, failure))
    rows = firsts(trials).reindex(columns=[*RUN, *axes, TUNED]).astype(object).to_dict("records")
    sizes = test_samples(trials)
    cells = []
    for first in rows:
        arm = not absent(first["arm"])
        at = {} if arm else {key: plain(first[key]) for key in axes if not absent(first[key])}
        recipe = first["recipe"] if isinstance(first["recipe"], dict) else {}
        tuned = first[TUNED] if isinstance(first[TUNED], dict) else None
        label = first["cell"]
        cells.append(PlannedCell(str(label), arm, at, recipe, tuned, tuple(runs[label]), sizes.get(label)))
    return cells


def outcomes(trials: pd.DataFrame, cells: list[PlannedCell], metric: str) -> list[MetricOutcome]:
    """The outcome of each cell for one metric."""
    values, errors = _column(trials, metric), _column(trials, error_of(metric))
    return [_outcome(cell, metric, values, errors) for cell in cells]


def _column(trials: pd.DataFrame, metric: str | None) -> list[float]:
    return pd.to_numeric(trials[metric]).tolist() if metric in trials else [math.nan] * len(trials)


def _outcome(cell: PlannedCell, metric: str, values: list[float], errors: list[float]) -> MetricOutcome:
    done = [run for run in cell.runs if run.status == "finished" and not math.isnan(values[run.row])]
    by_seed = {run.seed: float(values[run.row]) for run in done}
    without_value = [run for run in cell.runs if run.seed not in by_seed]
    numbers = list(by_seed.values())
    known = [errors[run.row] for run in done if not math.isnan(errors[run.row])]
    measured = measurement(metric, cell.recipe, cell.test_samples, numbers, known)
    return MetricOutcome(
        by_seed,
        {run.seed: run.trial for run in done},
        tuple(f"seed {run.seed}: {why_missing(run.status, run.failure, metric)}" for run in without_value),
        estimate(numbers, measured),
        measured,
    )


def cell_result(
    cell: PlannedCell, outcome: MetricOutcome, line: str, x: str | None, looks: Looks | None = None
) -> CellResult:
    """A cell's outcome at its position in a layout; `x`: the axis that runs along; `looks`: as in CellResult."""
    return CellResult(
        label=cell.label,
        line=line,
        arm=cell.arm,
        x=None if x is None else cell.coordinates.get(x),
        values=outcome.values,
        trials=outcome.trials,
        missing=outcome.missing,
        coordinates=cell.coordinates,
        recipe=cell.recipe,
        estimate=outcome.estimate,
        measurement=outcome.measurement,
        tuned=cell.tuned,
        looks=looks,
    )


def test_samples(trials: pd.DataFrame) -> dict[Any, float]:
    """The size of each cell's test split, for the cells of which a run has recorded it."""
    if "test_samples" not in trials:
        return {}
    recorded = trials[trials["test_samples"].notna()]
    return dict(zip(recorded["cell"], recorded["test_samples"].astype(float), strict=True))


def why_missing(status: str, failure: Any, metric: str) -> str:
    """Why a trial has no value, in a few words."""
    if status == "finished":
        return f"finished without {metric}"
    if status == "failed" and not absent(failure):
        return str(failure)
    return {"missing": "not run"}.get(status, str(status))


def why_not_applicable(notes: Any, metric: str) -> str:
    """What a finished trial's protocol said in place of the metric; nothing where it said nothing."""
    if not isinstance(notes, dict):
        return ""
    return str(notes.get(metric) or notes.get(metric.partition("/")[0]) or "")
