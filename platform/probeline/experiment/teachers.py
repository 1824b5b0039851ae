"""Cells whose method learns from the encoder that another cell or a finished trial trains, and what is wrong with them.

Decided while loading, before a byte of data is read; a finished trial is looked up while planning.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from probeline.core.settings import Settings
from probeline.core.trained_layer import TrainedLayer
from probeline.errors import UserError
from probeline.experiment.default_views import modality_of
from probeline.experiment.kinds import ProblemAt
from probeline.experiment.override import Override
from probeline.experiment.problems import Path, Problem, is_full, shown, unknown
from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe
from probeline.experiment.trial import Cell, FinishedTrial
from probeline.plugins import catalog
from probeline.plugins.declarations import declaration

TARGETS, TEACHER = "targets", "teacher"
"""The fields of a method's Config: what it learns from, and the encoder component that this is."""

TRIAL_ID = re.compile(r"[0-9a-f]{16}")
AT: Path = ("method", TARGETS, "encoder")

Mistake = tuple[Path, str]


def targets_of(method: ResolvedComponent) -> Mapping[str, Any] | None:
    """What the method learns from, as a `TrainedLayer` in JSON; None where it learns from no trained encoder."""
    targets = method.parameters.get(TARGETS)
    if not isinstance(targets, Mapping):
        return None
    field = catalog.config("methods", method.name).model_fields[TARGETS]
    return targets if TrainedLayer in catalog.nested_models(field.annotation) else None


def linked(
    cells: Sequence[Cell], written: Sequence[tuple[Override, ...]], problem_at: ProblemAt
) -> tuple[list[Cell], list[Problem]]:
    """The cells, each that learns from another one linked to it, and the mistakes of these.

    `written`: the overrides that made each cell.
    """
    wanted = {number: targets for number, cell in enumerate(cells) if (targets := targets_of(cell.recipe.method))}
    if not wanted:
        return list(cells), []
    teachers = _Teachers(cells, wanted)
    problems: dict[Problem, None] = {}
    for number in wanted:
        for path, message in teachers.mistakes(number):
            if not is_full(problems):
                problems[problem_at(written[number], path, message)] = None
    return list(cells) if problems else [teachers.cell(number) for number in range(len(cells))], list(problems)


class _Teachers:
    """Cells by number, and what those in `wanted` learn from."""

    def __init__(self, cells: Sequence[Cell], wanted: Mapping[int, Mapping[str, Any]]) -> None:
        self.cells, self.wanted = cells, wanted
        self.numbers = {cell.label: number for number, cell in enumerate(cells)}
        self._linked: dict[int, Cell] = {}

    def cell(self, number: int) -> Cell:
        """The cell with its teacher, which has its own in turn; only where there are no mistakes."""
        if number not in self._linked:
            cell, targets = self.cells[number], self.wanted.get(number)
            if targets is not None:
                other = self.numbers.get(targets["encoder"])
                cell = _standing_on_trial(cell, targets) if other is None else standing_on(cell, self.cell(other))
            self._linked[number] = cell
        return self._linked[number]

    def mistakes(self, number: int) -> Iterator[Mistake]:
        """What is wrong with one cell's targets."""
        cell, label = self.cells[number], self.wanted[number]["encoder"]
        if _chosen_teacher(cell.recipe.method):
            yield ("method", TEACHER), f"{TARGETS} names the encoder already; give one of both"
        elif label in self.numbers:
            circle = self._circle(number)
            if circle:
                yield AT, f"got {shown(label)}; goes in a circle: {circle}; one of them needs other targets"
            else:
                teacher = self.cells[self.numbers[label]].recipe
                yield from layer_mistakes(cell, teacher.data, teacher.encoder, f"cell {label!r}")
        elif not TRIAL_ID.fullmatch(label):
            yield AT, f"got {shown(label)}; neither a cell of this experiment nor a trial's id; {self._near(label)}"

    def _near(self, label: str) -> str:
        return "cells: " + unknown(label, list(self.numbers)).partition("; ")[2].removeprefix("allowed: ")

    def _circle(self, number: int) -> str:
        """The labels from a cell back to one on the way, or '' where its teachers end."""
        way = [number]
        while (targets := self.wanted.get(way[-1])) and targets["encoder"] in self.numbers:
            way.append(self.numbers[targets["encoder"]])
            if way[-1] in way[:-1]:
                return " -> ".join(self.cells[each].label for each in way)
        return ""


def standing_on(cell: Cell, teacher: Cell) -> Cell:
    """The cell with the encoder of `teacher` in its method."""
    return replace(cell, recipe=_with_encoder(cell.recipe, teacher.recipe.encoder.as_dict()), teacher=teacher)


def standing_on_finished(cell: Cell, encoder: Mapping[str, Any]) -> Cell:
    """The cell with the encoder component of the finished trial that is its teacher."""
    return replace(cell, recipe=_with_encoder(cell.recipe, encoder))


def _standing_on_trial(cell: Cell, targets: Mapping[str, Any]) -> Cell:
    return replace(cell, teacher=FinishedTrial(targets["encoder"]))


def _with_encoder(recipe: ResolvedRecipe, encoder: Mapping[str, Any]) -> ResolvedRecipe:
    own = {**encoder, "weights": None} if "weights" in encoder else dict(encoder)  # it has the trained ones
    method = ResolvedComponent.from_dict({**recipe.method.as_dict(), TEACHER: own})
    return replace(recipe, method=method)


def layer_mistakes(cell: Cell, data: ResolvedComponent, encoder: ResolvedComponent, name: str) -> Iterator[Mistake]:
    """What keeps a cell from a layer of a teacher's encoder, trained on `data`; `name`: the teacher's in words."""
    theirs, own = modality_of(data), modality_of(cell.recipe.data)
    if theirs != own:
        yield AT, f"{name} is for samples of another kind ({theirs}); those of this cell are {own}"
        return
    component, layer = encoder.as_dict(), (targets_of(cell.recipe.method) or {})["layer"]
    try:
        gives = declaration("encoders", component).gives
        count = _settings(component).layer_count()
    except UserError:
        return  # a broken plug-in is reported where it is used
    if "frames" not in gives:
        yield AT, f"{name} has the encoder {encoder.name}, which keeps no frames to learn from"
    elif layer is not None and "layers" not in gives:
        yield ("method", TARGETS, "layer"), f"got {layer}; {encoder.name} of {name} gives no layers; allowed: null"
    elif layer is not None and count is not None and not 0 <= layer < count:
        yield ("method", TARGETS, "layer"), f"got {layer}; {encoder.name} of {name} has layers 0 to {count - 1}"


def _settings(component: dict[str, Any]) -> Settings:
    return catalog.validated(catalog.config("encoders", component["name"]), component)


def _chosen_teacher(method: ResolvedComponent) -> bool:
    """Whether the recipe names an encoder that is not the default beside the targets."""
    default = catalog.config("methods", method.name).model_fields[TEACHER].default
    return method.parameters[TEACHER]["name"] != default["name"]
