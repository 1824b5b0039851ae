"""The results frame by cell: which axes vary, which line and x a cell belongs to, what finished and what is missing."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from probeline.experiment.trial import framed
from probeline.report.statistics.differences import Scores
from probeline.report.statistics.intervals import Estimate, Measurement, estimate
from probeline.report.statistics.measurement import measurement

RUN = ("trial_id", "encoder_id", "run_id", "cell", "arm", "seed", "status", "failure", "message", "notes", "recipe")
TUNED = "tuned"  # what the study of a cell has come to
PROVENANCE = (
    "git_commit",
    "git_dirty",
    "versions",
    "hardware",
    "device",
    "data_digest",
    "test_samples",
    "started",
    "finished",
    "run_url",
)
NOT_AXES = frozenset([*RUN, *PROVENANCE, TUNED])


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

    @property
    def scores(self) -> Scores:
        """The cell as one side of a comparison."""
        return Scores(self.values, self.measurement)


def axes(trials: pd.DataFrame) -> list[str]:
    """The axis columns, in the spec's order."""
    return [name for name in trials.columns if name not in NOT_AXES and "/" not in name]


def metrics(trials: pd.DataFrame, prefix: str = "") -> list[str]:
    """Metric columns that hold a number of a finished trial: those of which `cells` has a value."""
    named = [name for name in trials.columns if "/" in name and name.startswith(prefix)]
    finished = trials[trials["status"] == "finished"]
    return [name for name in named if finished[name].notna().any()]


def values_of(trials: pd.DataFrame, axis: str) -> list[Any]:
    """The values of an axis: ascending where they are all numbers, else in the spec's order."""
    values = list(dict.fromkeys(plain(value) for value in trials[axis] if not absent(value)))
    return sorted(values) if all(is_number(value) for value in values) else values


def matching(trials: pd.DataFrame, where: dict[str, Any]) -> pd.DataFrame:
    """The rows with these axis values, and the arms; an axis that is not there matches nothing but arms."""
    matches = pd.Series(True, index=trials.index)
    for axis, wanted in where.items():
        at = trials[axis] if axis in axes(trials) else pd.Series(None, index=trials.index, dtype=object)
        matches &= trials["arm"].notna() | pd.Series(
            [not absent(v) and shown(v) == shown(wanted) for v in at], trials.index
        )
    return trials[matches]


def layout(trials: pd.DataFrame, x: str | None = None, line: str | None = None) -> ReportLayout:
    """Read the grid. An axis that is not there, or an x with one value, gives way to the first that fits."""
    trials, keys = _firsts(trials), axes(trials)
    varying = {axis: values for axis in keys if len(values := values_of(trials, axis)) > 1}
    if x not in varying:
        x = next((axis for axis, values in varying.items() if axis != line and all(map(is_number, values))), None)
    if line not in keys or line == x:
        others = [axis for axis in keys if axis != x]
        line = next((axis for axis in others if axis in varying), next(iter(others), None))
    named = _line_names(trials, x, line)
    arms = trials["arm"].notna() if len(trials) else pd.Series(dtype=bool)
    return ReportLayout(
        x,
        line,
        tuple(dict.fromkeys(name for name, arm in zip(named, arms, strict=True) if not arm)),
        tuple(dict.fromkeys(name for name, arm in zip(named, arms, strict=True) if arm)),
        tuple(varying[x]) if x else (),
    )


def cells(trials: pd.DataFrame, metric: str, shape: ReportLayout) -> list[CellResult]:
    """One `Cell` for each cell of the plan, in plan order."""
    return cells_of(trials, [metric], shape)[0]


def cells_of(trials: pd.DataFrame, names: Sequence[str], shape: ReportLayout) -> list[list[CellResult]]:
    """`cells` of each metric, in order; the frame is read once for all."""
    groups, ended = _groups(trials, shape), (trials["status"] == "finished").tolist()
    results = []
    for name in names:
        values = pd.to_numeric(trials[name]).tolist() if name in trials else [math.nan] * len(trials)
        there = [finished and not math.isnan(value) for finished, value in zip(ended, values, strict=True)]
        done = [[run for run in group.runs if there[run.row]] for group in groups]
        by_seed = [{run.seed: float(values[run.row]) for run in runs} for runs in done]
        results.append([_cell(group, name, runs, of) for group, runs, of in zip(groups, done, by_seed, strict=True)])
    return results


class _Run(NamedTuple):  # of which a page makes 50,000: quick to make
    row: int
    seed: int
    trial: str
    status: str
    failure: Any


@dataclass(frozen=True)
class _Group:
    """A cell whatever the metric."""

    first: dict[str, Any]
    line: str
    x: Any
    coordinates: dict[str, Any]
    runs: list[_Run]
    test_samples: float | None  # None: not recorded


def _groups(trials: pd.DataFrame, shape: ReportLayout) -> list[_Group]:
    runs: dict[Any, list[_Run]] = {}
    columns = (trials[name].tolist() for name in ("cell", "seed", "trial_id", "status", "failure"))
    for row, (cell, seed, trial, status, failure) in enumerate(zip(*columns, strict=True)):
        runs.setdefault(cell, []).append(_Run(row, int(seed), str(trial), status, failure))
    firsts, keys = _firsts(trials), axes(trials)
    rows = firsts.reindex(columns=[*RUN, *keys, TUNED]).astype(object).to_dict("records")
    sizes = test_samples(trials)
    groups = []
    for first, line in zip(rows, _line_names(firsts, shape.x, shape.line), strict=True):
        at = {} if not absent(first["arm"]) else {key: plain(first[key]) for key in keys if not absent(first[key])}
        x = None if shape.x is None else at.get(shape.x)
        groups.append(_Group(first, line, x, at, runs[first["cell"]], sizes.get(first["cell"])))
    return groups


def test_samples(trials: pd.DataFrame) -> dict[Any, float]:
    """The size of each cell's test split, for the cells of which a run has recorded it."""
    if "test_samples" not in trials:
        return {}
    recorded = trials[trials["test_samples"].notna()]
    return dict(zip(recorded["cell"], recorded["test_samples"].astype(float), strict=True))


def _firsts(trials: pd.DataFrame) -> pd.DataFrame:
    """A row a cell, the first: a cell's axes and recipe are the same in all."""
    return trials[~trials["cell"].duplicated()]


def _cell(group: _Group, metric: str, done: list[_Run], values: dict[int, float]) -> CellResult:
    without_value = [run for run in group.runs if run.seed not in values]
    recipe = group.first["recipe"] if isinstance(group.first["recipe"], dict) else {}
    numbers = list(values.values())
    measured = measurement(metric, recipe, group.test_samples, numbers)
    return CellResult(
        label=str(group.first["cell"]),
        line=group.line,
        arm=not absent(group.first["arm"]),
        x=group.x,
        values=values,
        trials={run.seed: run.trial for run in done},
        missing=tuple(f"seed {run.seed}: {why_missing(run.status, run.failure, metric)}" for run in without_value),
        coordinates=group.coordinates,
        recipe=recipe,
        estimate=estimate(numbers, measured),
        measurement=measured,
        tuned=group.first[TUNED] if isinstance(group.first[TUNED], dict) else None,
    )


def why_missing(status: str, failure: Any, metric: str) -> str:
    """Why a trial has no value, in a few words."""
    if status == "finished":
        return f"finished without {metric}"
    if status == "failed" and not absent(failure):
        return str(failure)
    return {"missing": "not run"}.get(status, str(status))


def _line_names(trials: pd.DataFrame, x: str | None, line: str | None) -> list[str]:
    others = [axis for axis in axes(trials) if axis not in (x, line) and len(values_of(trials, axis)) > 1]
    names, alone = [], int(trials["arm"].isna().sum()) == 1
    for row in trials[["arm", "cell", *axes(trials)]].astype(object).to_dict("records"):
        if not absent(row["arm"]):
            names.append(str(row["arm"]))
            continue
        parts = [line_name(line, row[line], bool(others))] if line is not None and not absent(row[line]) else []
        parts += [f"{short(axis)}={shown(row[axis])}" for axis in others if not absent(row[axis])]
        names.append(", ".join(parts) or (str(row["cell"]) if alone else "all cells"))
    taken = {name for name, row in zip(names, trials["arm"], strict=True) if absent(row)}
    return [
        f"{name} (arm)" if not absent(arm) and name in taken else name
        for name, arm in zip(names, trials["arm"], strict=True)
    ]


def line_name(axis: str, value: Any, among_others: bool = False) -> str:
    """What a line is called by its value: a method by its name; a number, or one value of several, by its axis too."""
    plainly = isinstance(value, str) and (not among_others or "." not in axis)
    return shown(value) if plainly else f"{short(axis)}={shown(value)}"


def short(axis: str) -> str:
    """`training.batch_size` -> `batch size`."""
    return axis.rpartition(".")[2].replace("_", " ")


def shown(value: Any) -> str:
    """An axis value as a reader writes it: 64, not 64.0; null, not None."""
    value = plain(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=str)
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(value: Any) -> Any:
    """A numpy or float-widened value as the plain Python value of the spec; NULL for its null."""
    return framed(value.item() if hasattr(value, "item") else value)


def is_number(value: Any) -> bool:
    """True for int and float, not for bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def absent(value: Any) -> bool:
    """Whether a frame's field holds nothing: None or NaN. NULL is something: the null of an axis."""
    return value is None or (not isinstance(value, str | dict | list | tuple) and bool(pd.isna(value)))
