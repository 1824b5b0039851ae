"""The grid as a heat map: rows, columns and the state of each cell."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Trial
from probeline.report.formats.contents import shape_of
from probeline.report.results.axis_values import short, shown
from probeline.report.results.layout import ReportLayout
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences.text import isolated
from probeline.tracking.reading.results import status_of, table
from probeline.tracking.reading.run import Run
from probeline.tracking.server import mlflow_names

ORDER = ("finished", "running", "failed", "interrupted", "new", "to tune")
"""Statuses of a trial, in the order of lists."""


@dataclass(frozen=True)
class Slot:
    """One cell's position; `column` is None where the columns' axis does not apply, as to an arm."""

    label: str
    row: int
    column: int | None
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Grid:
    """Rows are lines, then arms; columns are the values of one axis. `shape` is the report's layout of the grid."""

    shape: ReportLayout
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    axis: str
    slots: Mapping[str, Slot]

    def as_dict(self) -> dict[str, Any]:
        """The grid without states as JSON-able values; names are isolated for display as text."""
        return {
            "axis": self.axis,
            "rows": [isolated(row) for row in self.rows],
            "columns": [isolated(column) for column in self.columns],
            "slots": [[slot.label, slot.row, slot.column] for slot in self.slots.values()],
        }


def make(experiment: Experiment, trials: Sequence[Trial]) -> Grid:
    """The grid of all planned cells."""
    results = Results(table(trials, {}))
    shape = shape_of(experiment, results)
    if shape.x is None:  # no axis of numbers: another axis is better than a single column
        others = [axis for axis in results.varying if axis != shape.line]
        shape = results.layout(others[0], shape.line) if others else shape
    grouped: dict[str, list[Trial]] = {}
    for trial in trials:
        grouped.setdefault(trial.cell.label, []).append(trial)
    rows, columns = {label: row for row, label in enumerate(shape.labels)}, list(shape.x_values)
    slots = {
        cell.label: Slot(
            cell.label,
            rows[cell.line],
            columns.index(cell.x) if cell.x in columns else None,
            tuple(sorted(grouped[cell.label], key=lambda trial: trial.seed)),
        )
        for cell in results.cells("", shape)
    }
    axis = short(shape.x) if shape.x else ""
    return Grid(shape, shape.labels, tuple(shown(value) for value in columns), axis, slots)


def status(run: Run | None) -> str:
    """A trial's status, one of ORDER but `to tune`."""
    if run is None:
        return "new"
    recorded = status_of(run).status
    return "interrupted" if recorded == "missing" else recorded


def share(trial: Trial, run: Run) -> float:
    """The fraction of its training that a running trial has done, 0 to 1."""
    epochs = trial.cell.recipe.training.epochs
    return min(1.0, run.metrics.get("train/loss", (0.0, 0))[1] / max(1, epochs))


def state(slot: Slot, runs: Mapping[str, Run], waiting: bool, name: str) -> dict[str, Any]:
    """The state of a cell, JSON-able: value and text of its mean or why it has none, its seeds, a label in words.

    Args:
        slot: the cell.
        runs: trial id -> its run.
        waiting: whether the cell's values are still to be tuned.
        name: the metric.
    """
    described, key = metric(name), mlflow_names.key(name)
    statuses = {trial.id: "to tune" if waiting else status(runs.get(trial.id)) for trial in slot.trials}
    counts = Counter(statuses.values())
    finished = [runs[trial_id] for trial_id, each in statuses.items() if each == "finished"]
    values = [run.metrics[key][0] for run in finished if key in run.metrics]
    mean = math.fsum(values) / len(values) if values else None
    return {
        "value": mean,
        "text": "" if mean is None else described.text(mean),
        "why": _why(slot, runs) if counts["failed"] == len(slot.trials) else "",
        "done": counts["finished"],
        "of": len(slot.trials),
        "seeds": [_seed(trial, runs.get(trial.id), statuses[trial.id], described, key) for trial in slot.trials],
        "label": f"{isolated(slot.label)}: {_sentence(mean, len(values), described, counts)}",
    }


def _seed(trial: Trial, run: Run | None, status: str, described: Metric, key: str) -> dict[str, Any]:
    """One trial of a cell: seed and status, with the value's text, the failure's kind or the fraction trained."""
    seed: dict[str, Any] = {"seed": trial.seed, "status": status}
    if run is None:
        return seed
    if status == "finished" and key in run.metrics:
        return seed | {"text": described.text(run.metrics[key][0])}
    if status == "running":
        return seed | {"share": round(share(trial, run), 3)}
    if status == "failed":
        return seed | {"text": isolated(run.tags.get("probeline.failure", "error"))}
    return seed


def _why(slot: Slot, runs: Mapping[str, Run]) -> str:
    """The kinds of failure of a cell whose trials have all failed."""
    kinds = dict.fromkeys(runs[trial.id].tags.get("probeline.failure", "error") for trial in slot.trials)
    return isolated(", ".join(kinds).replace("_", " "))


def _sentence(mean: float | None, n: int, described: Metric, counts: Mapping[str, int]) -> str:
    level = "no result yet" if mean is None else f"{described.text(mean)} {described.title}, mean of {n}"
    return f"{level}; {in_words(counts)}"


def in_words(counts: Mapping[str, int]) -> str:
    """The counts by status, as `3 finished, 1 running`."""
    return ", ".join(f"{counts[key]} {key}" for key in ORDER if counts.get(key))
