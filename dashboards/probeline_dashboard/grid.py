"""The grid as a heat map: where each cell stands, and what is known of it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Trial
from probeline.report.formats.contents import shape_of
from probeline.report.results.cells import ReportLayout, axes, cells, layout, short, shown, values_of
from probeline.report.results.metrics import Metric, metric
from probeline.report.sentences.text import isolated
from probeline.tracking.reading.results import status_of, table
from probeline.tracking.reading.run import Run
from probeline.tracking.server import mlflow_names

ORDER = ("finished", "running", "failed", "interrupted", "new", "to tune")
"""What a trial can be, in the order in which it is told."""


@dataclass(frozen=True)
class Slot:
    """One cell's place; `column` is None where the columns' axis says nothing of it, as of an arm."""

    label: str
    row: int
    column: int | None
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Grid:
    """Rows are lines, then arms; columns the values of one axis. `shape` is how the report reads the same grid."""

    shape: ReportLayout
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    axis: str
    slots: Mapping[str, Slot]

    def as_dict(self) -> dict[str, Any]:
        """The empty grid as JSON-able values; names are ready to be shown as text."""
        return {
            "axis": self.axis,
            "rows": [isolated(row) for row in self.rows],
            "columns": [isolated(column) for column in self.columns],
            "slots": [[slot.label, slot.row, slot.column] for slot in self.slots.values()],
        }


def make(experiment: Experiment, trials: Sequence[Trial]) -> Grid:
    """The places of all planned cells."""
    frame = table(trials, {})
    shape = shape_of(experiment, frame)
    if shape.x is None:  # no axis of numbers: another axis is better than a single column
        others = [axis for axis in axes(frame) if axis != shape.line and len(values_of(frame, axis)) > 1]
        shape = layout(frame, others[0], shape.line) if others else shape
    grouped: dict[str, list[Trial]] = {}
    for trial in trials:
        grouped.setdefault(trial.cell.label, []).append(trial)
    rows, columns = {label: place for place, label in enumerate(shape.labels)}, list(shape.x_values)
    slots = {
        cell.label: Slot(
            cell.label,
            rows[cell.line],
            columns.index(cell.x) if cell.x in columns else None,
            tuple(sorted(grouped[cell.label], key=lambda trial: trial.seed)),
        )
        for cell in cells(frame, "", shape)
    }
    axis = short(shape.x) if shape.x else ""
    return Grid(shape, shape.labels, tuple(shown(value) for value in columns), axis, slots)


def word(run: Run | None) -> str:
    """What has become of a trial, in one word."""
    if run is None:
        return "new"
    status = status_of(run).status
    return "interrupted" if status == "missing" else status


def share(trial: Trial, run: Run) -> float:
    """How much of its training a running trial has done, 0 to 1."""
    epochs = trial.cell.recipe["training"]["epochs"]
    return min(1.0, run.metrics.get("train/loss", (0.0, 0))[1] / max(1, epochs))


def state(slot: Slot, runs: Mapping[str, Run], waiting: bool, name: str) -> dict[str, Any]:
    """What is known of a cell: value and text of its mean, or why there is none, its seeds, the whole in a sentence.

    `waiting`: its values are still to be tuned; `name`: the metric. JSON-able.
    """
    about, key = metric(name), mlflow_names.key(name)
    seeds, values, told = [], [], Counter()
    for trial in slot.trials:
        run = runs.get(trial.id)
        said = "to tune" if waiting else word(run)
        told[said] += 1
        seed: dict[str, Any] = {"seed": trial.seed, "word": said}
        if said == "finished" and key in run.metrics:
            values.append(run.metrics[key][0])
            seed["text"] = about.text(values[-1])
        elif said == "running":
            seed["share"] = round(share(trial, run), 3)
        elif said == "failed":
            seed["text"] = isolated(run.tags.get("probeline.failure", "error"))
        seeds.append(seed)
    mean = math.fsum(values) / len(values) if values else None
    return {
        "value": mean,
        "text": "" if mean is None else about.text(mean),
        "why": _why(slot, runs) if told["failed"] == len(slot.trials) else "",
        "done": told["finished"],
        "of": len(slot.trials),
        "seeds": seeds,
        "said": f"{isolated(slot.label)}: {_sentence(mean, len(values), about, told)}",
    }


def _why(slot: Slot, runs: Mapping[str, Run]) -> str:
    """Of a cell that has nothing but failures, their kinds."""
    kinds = dict.fromkeys(runs[trial.id].tags.get("probeline.failure", "error") for trial in slot.trials)
    return isolated(", ".join(kinds).replace("_", " "))


def _sentence(mean: float | None, n: int, about: Metric, told: Counter) -> str:
    level = "no result yet" if mean is None else f"{about.text(mean)} {about.title}, mean of {n}"
    return f"{level}; {in_words(told)}"


def in_words(told: Mapping[str, int]) -> str:
    """`3 finished, 1 running`."""
    return ", ".join(f"{told[key]} {key}" for key in ORDER if told.get(key))
