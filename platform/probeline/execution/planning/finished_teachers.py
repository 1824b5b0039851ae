"""Finished trials, of any experiment, whose encoders cells of this one learn from: looked up in MLflow."""

import json
from collections.abc import Sequence
from typing import Any

from probeline.errors import UserError
from probeline.experiment.grid import expand
from probeline.experiment.identity import finished_key
from probeline.experiment.problems import Problem, SpecError
from probeline.experiment.resolved import ResolvedComponent
from probeline.experiment.schema import Experiment
from probeline.experiment.teachers import AT, layer_mistakes, standing_on, standing_on_finished
from probeline.experiment.trial import Cell, FinishedTrial
from probeline.tracking.reading.artifact_file import read_artifact
from probeline.tracking.reading.results import find


def with_finished_teachers(
    experiment: Experiment, cells: Sequence[Cell], uri: str
) -> tuple[list[Cell], dict[str, str]]:
    """The cells with the encoders of the finished trials that they learn from, and these encoders' ids.

    The ids are by `identity.finished_key`.

    Raises:
        SpecError: no such trial in the MLflow at `uri`, it has not finished, or its encoder does not fit.
    """
    wanted = dict.fromkeys(cell.teacher for cell in cells if isinstance(cell.teacher, FinishedTrial))
    if not wanted:
        return list(cells), {}
    stored: dict[FinishedTrial, dict[str, Any] | str] = {teacher: _description(uri, teacher) for teacher in wanted}
    _refuse(experiment, cells, stored)
    ids = {finished_key(teacher): each["encoder_id"] for teacher, each in stored.items() if isinstance(each, dict)}
    by_label: dict[str, Cell] = {}
    for cell in sorted(cells, key=lambda cell: cell.rank):
        if isinstance(cell.teacher, FinishedTrial):
            each = stored[cell.teacher]
            cell = cell if isinstance(each, str) else standing_on_finished(cell, each["recipe"]["encoder"])
        elif cell.teacher is not None:
            cell = standing_on(cell, by_label[cell.teacher.label])
        by_label[cell.label] = cell
    return [by_label[cell.label] for cell in cells], ids


def _description(uri: str, teacher: FinishedTrial) -> dict[str, Any] | str:
    """The stored encoder's description, or why there is none."""
    try:
        run = find(uri, teacher.id)
    except UserError as error:
        return str(error)
    if run["status"] != "finished":
        return f"trial {teacher.id} has not finished ({run['status']}); run it first"
    content = read_artifact(uri, run["run_id"], "encoder/encoder.json")
    return json.loads(content) if content else _lost(teacher, run["artifacts"])


def _lost(teacher: FinishedTrial, artifacts: str) -> str:
    return (
        f"trial {teacher.id} has finished, and its encoder is no longer in {artifacts}; put the folder `encoder` back, "
        "or delete its run in MLflow and run it again"
    )


def _refuse(experiment: Experiment, cells: Sequence[Cell], stored: dict[FinishedTrial, dict[str, Any] | str]) -> None:
    expansion, problems = expand(experiment), list[Problem]()
    for cell, written in zip(cells, expansion.written, strict=True):
        if not isinstance(cell.teacher, FinishedTrial):
            continue
        each, name = stored[cell.teacher], f"trial {cell.teacher.id}"
        if isinstance(each, str):
            mistakes = [(AT, each)]
        else:
            data, encoder = (ResolvedComponent.from_dict(each["recipe"][key]) for key in ("data", "encoder"))
            mistakes = list(layer_mistakes(cell, data, encoder, name))
        problems += [expansion.recipes.problem_at(written, path, message) for path, message in mistakes]
    if problems:
        raise SpecError(problems)
