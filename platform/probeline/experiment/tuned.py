"""Tuned cells: their studies, the trials and winners of these, and the mistakes of a `tune` section."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from probeline.experiment import identity
from probeline.experiment.grid import Expansion
from probeline.experiment.limits import tuning_problem
from probeline.experiment.match import matches
from probeline.experiment.override import Override, by_depth
from probeline.experiment.problems import Path, Problem, SpecError, is_full, shown
from probeline.experiment.recipe import Recipes, by_section
from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Cell, Trial
from probeline.experiment.tuning import Asha, Tune, unknown_section
from probeline.plugins.locations import original


@dataclass(frozen=True, eq=False)
class Filling:
    """A cell whose tuned keys can be filled in."""

    cell: Cell
    written: tuple[Override, ...]
    recipes: Recipes

    def __call__(self, values: Mapping[str, Any]) -> Cell:
        """The cell with these values laid over all that the file and `--set` say. Raises SpecError."""
        return self.with_overrides(chosen(values))

    def with_overrides(self, laid: Sequence[Override]) -> Cell:
        """The cell with these overrides; ones that several cells share are resolved once. Raises SpecError."""
        recipe = self.recipes.build((*self.written, *laid))
        if recipe is None:
            raise SpecError(self.recipes.problems)
        return Cell(self.cell.coordinates, self.cell.arm, recipe, self.cell.label)


def chosen(values: Mapping[str, Any]) -> list[Override]:
    """Values of a search space as overrides."""
    return by_depth(Override(key, value, ("tune", "space", key)) for key, value in values.items())


@dataclass(frozen=True, eq=False)
class Study:
    """One cell's search.

    `id` is the hash of what decides it, the number of trials aside: a study can be extended.
    """

    id: str
    tune: Tune
    cell: Cell
    fill: Filling = field(repr=False)
    digests: Mapping[str, str] = field(repr=False)

    def cell_with(self, values: Mapping[str, Any]) -> Cell:
        """The cell with these values. Raises UserError where they do not fit together."""
        return self.fill(values)

    def tuning_trial(self, values: Mapping[str, Any], seed: int) -> Trial:
        """The trial that judges these values with one seed, by one protocol, on the validation part alone."""
        cell = self.cell_with(values)
        recipe = replace(cell.recipe, evaluation=(cell.recipe.protocol(self.tune.protocol),))
        trial = identity.trial(Cell(cell.coordinates, cell.arm, recipe, cell.label), seed, self.digests)
        digest = hashlib.sha256(f"validation:{trial.id}".encode()).hexdigest()
        return replace(trial, id=digest[: identity.DIGITS], judged_on="validation")

    def winner(self, values: Mapping[str, Any], seed: int) -> Trial:
        """An ordinary trial of the chosen values."""
        return identity.trial(self.cell_with(values), seed, self.digests)

    def waiting(self, seed: int) -> Trial:
        """What stands in a plan for a winner that is still to be chosen; its id belongs to no run."""
        digest = hashlib.sha256(f"waiting:{self.id}:{seed}".encode()).hexdigest()
        return Trial(digest[: identity.DIGITS], digest[-identity.DIGITS :], self.cell, seed)


def study_id(tune: Tune, pinned: Cell, digests: Mapping[str, str]) -> str:
    """The hash of a search and of the cell with every key of the space at its first value."""
    search = tune.model_dump(mode="json", by_alias=True, exclude={"trials", "if_"})
    search["metric"] = original("protocols", tune.metric)
    subject = identity.trial(pinned, 0, digests)
    judge = pinned.recipe.protocol(tune.protocol).parameters
    text = json.dumps([subject.encoder_id, judge, search], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[: identity.DIGITS]


def fillings(experiment: Experiment, expansion: Expansion) -> dict[str, Filling]:
    """The cells that are tuned, by label."""
    tune = experiment.tune
    return {
        cell.label: Filling(cell, written, expansion.recipes)
        for cell, written in zip(expansion.cells, expansion.written, strict=True)
        if tune is not None and (tune.if_ is None or matches(cell.recipe.as_dict(), cell.coordinates, tune.if_))
    }


def studies(experiment: Experiment, expansion: Expansion, digests: Mapping[str, str]) -> dict[str, Study]:
    """The study of every tuned cell, by the cell's label; {} without tuning. Raises KeyError without a digest."""
    by_label: dict[str, Study] = {}
    tune = experiment.tune
    if tune is None:
        return by_label
    first = chosen({key: given.ends[0] for key, given in tune.space.items()})
    for label, filling in fillings(experiment, expansion).items():
        of = study_id(tune, filling.with_overrides(first), digests)
        by_label[label] = Study(of, tune, filling.cell, filling, digests)
    return by_label


def check(experiment: Experiment, expansion: Expansion) -> list[Problem]:
    """The mistakes of `tune`: keys, its size, values that some cell does not take, a metric that is not measured."""
    tune, source = experiment.tune, experiment.source
    if tune is None or expansion.problems:
        return []
    problems = _wrong_keys(experiment, tune)
    if problems:
        return problems
    if any(cell.teacher is not None for cell in expansion.cells):
        message = "method.targets of a cell names another cell's encoder, which is not tuned in the same experiment"
        return [source.problem(("tune",), f"{message}; give the tuning a file of its own")]
    tuned = fillings(experiment, expansion)
    if not tuned:
        return [source.problem(("tune", "if"), f"{shown(tune.if_)} matches no cell")]
    too_large = tuning_problem(source, tune, len(tuned))
    if too_large:
        return [too_large]
    protocols = (filling.cell.recipe.protocols for filling in tuned.values())
    others = next((names for names in protocols if tune.protocol not in names), None)
    if others is not None:
        message = f"got {shown(tune.metric)}; {shown(tune.protocol)} is not evaluated; evaluated: {', '.join(others)}"
        problems.append(source.problem(("tune", "metric"), message))
    problems += _refused(tune, list(tuned.values()))
    return problems or _without_direction(experiment, tune)


def _without_direction(experiment: Experiment, tune: Tune) -> list[Problem]:
    """Objectives whose metric declares no direction and that name none."""
    objectives: list[tuple[Path, Tune | Asha]] = [(("tune", "direction"), tune)]
    objectives += [(("tune", "asha", "direction"), tune.asha)] if tune.asha is not None else []
    return [
        experiment.source.problem(at, f"missing; {shown(one.metric)} declares none; allowed: maximize, minimize")
        for at, one in objectives
        if one.direction is None
    ]


def _wrong_keys(experiment: Experiment, tune: Tune) -> list[Problem]:
    problems: list[Problem] = []
    axes = set(experiment.axes)
    for key in tune.space:
        wrong = unknown_section(key)
        if wrong is None and key in axes:
            wrong = "is an axis already; a value is either compared or tuned"
        if wrong and not is_full(problems):
            problems.append(experiment.source.problem(("tune", "space", key), wrong))
    return problems


def _refused(tune: Tune, tuned: Sequence[Filling]) -> list[Problem]:
    """Ends and choices that some cell does not take."""
    problems: dict[Problem, None] = {}
    for key, given in tune.space.items():
        name, values = next((name, value) for name, value in given.model_dump(by_alias=True).items() if value)
        overrides = [Override(key, value, ("tune", "space", key, name, index)) for index, value in enumerate(values)]
        section = overrides[0].section
        distinct = {by_section(filling.written)[section]: filling.recipes for filling in tuned}
        for laid, recipes in distinct.items():
            for override in overrides:
                if not is_full(problems):
                    problems |= dict.fromkeys(recipes.section(section, (*laid, override)).problems)
    return list(problems)
