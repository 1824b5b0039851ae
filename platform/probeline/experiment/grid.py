"""Cells of an experiment: the points of the grid, without what is excluded, then the arms."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probeline.experiment.axes import AxisLayout, layout
from probeline.experiment.conditions import Conditions
from probeline.experiment.kinds import mismatches
from probeline.experiment.limits import lookups_problem, size_problem
from probeline.experiment.override import Override
from probeline.experiment.points import Point, Points
from probeline.experiment.problems import Path, Problem, SpecError, is_full
from probeline.experiment.recipe import Recipes
from probeline.experiment.resolved import ResolvedRecipe
from probeline.experiment.schema import Experiment
from probeline.experiment.teachers import linked
from probeline.experiment.trial import Cell
from probeline.experiment.unmatched import UnmatchedConditions
from probeline.experiment.yaml_source import SpecSource


@dataclass
class Expansion:
    """`cells` with the overrides that made each; `problems` where the experiment is wrong.

    `idle` are rules and exclusions that match nothing: a mistake in the file, but not in one scale of it. `work`
    counts the overrides that were laid over each other.
    """

    cells: list[Cell] = field(default_factory=list)
    written: list[tuple[Override, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    idle: list[Problem] = field(default_factory=list)
    recipes: Recipes = field(default_factory=lambda: Recipes(SpecSource("experiment")))
    work: int = 0


def cells(experiment: Experiment) -> list[Cell]:
    """The cells in order: axes as in the file, the last fastest; then the arms.

    Raises SpecError for an experiment that `load` would have refused.
    """
    expansion = expand(experiment)
    if expansion.problems:
        raise SpecError(expansion.problems)
    return expansion.cells


def expand(experiment: Experiment) -> Expansion:
    """The cells, and everything that is wrong with them; expanded once for an experiment as it was loaded."""
    return experiment.expanded(lambda: _Grid(experiment).expand())


def only(experiment: Experiment, labels: Container[str]) -> Experiment:
    """The experiment with the cells of these labels alone, in its order; nothing else of it changes."""
    whole = expand(experiment)
    chosen = [(cell, written) for cell, written in zip(whole.cells, whole.written, strict=True) if cell.label in labels]
    part = replace(whole, cells=[cell for cell, _ in chosen], written=[written for _, written in chosen])
    return experiment.expanded_as(part)


class _Grid:
    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.source = experiment, experiment.source
        self.recipes = Recipes(self.source)
        self.layout: AxisLayout = layout(experiment)
        self.expansion = Expansion(problems=self.layout.problems, recipes=self.recipes)

    def expand(self) -> Expansion:
        self._label(self._not_excluded(self._points()))
        self._arms()
        expansion = self.expansion
        expansion.problems += self.recipes.problems
        if not is_full(expansion.problems):
            expansion.problems += mismatches(expansion.cells, expansion.written, self.recipes.problem_at)
        if not expansion.problems:
            expansion.cells, expansion.problems = linked(expansion.cells, expansion.written, self.recipes.problem_at)
        if not expansion.cells and not expansion.problems:
            expansion.problems.append(self.source.problem(("exclude",), "leaves no cell"))
        return expansion

    def _points(self) -> list[Point]:
        """Grid points with their rules applied; none where there are arms and no axis at all."""
        experiment = self.experiment
        if experiment.arms and not (experiment.grid or experiment.zip):
            return []
        points = Points(self.layout, self.recipes, self.source, len(experiment.seed_values))
        grid = points.make()
        self.expansion.problems += points.problems
        self.expansion.work += points.work
        self._note_idle((((*rule.at, "if"), rule.condition) for rule in points.idle), grid)
        return grid

    def _not_excluded(self, points: list[Point]) -> list[tuple[Point, ResolvedRecipe]]:
        resolved = ((point, self.recipes.build(point.overrides)) for point in points)
        right = [(point, recipe) for point, recipe in resolved if recipe is not None]
        if not self.experiment.exclude:
            return right
        conditions = Conditions(self.experiment.exclude)
        problem = lookups_problem(self.source, ("exclude",), conditions.keys, len(right))
        if problem:
            self.expansion.problems.append(problem)
            return right
        numbers = [conditions.first(recipe.as_dict(), point.coordinates) for point, recipe in right]
        idle = set(range(len(self.experiment.exclude))) - set(numbers)
        self._note_idle(((("exclude", number), self.experiment.exclude[number]) for number in sorted(idle)), points)
        return [pair for pair, number in zip(right, numbers, strict=True) if number is None]

    def _note_idle(self, conditions: Iterable[tuple[Path, Mapping[str, Any]]], points: list[Point]) -> None:
        """Notes why conditions match nothing, as long as anybody would read it."""
        unmatched = None
        for at, condition in conditions:
            if is_full(self.expansion.idle):
                return
            if unmatched is None:
                cells = [(self.recipes.peek(point.overrides), point.coordinates) for point in points]
                unmatched = UnmatchedConditions(self.source, cells, self.experiment.axes)
            self.expansion.idle += unmatched.problems(at, condition)

    def _label(self, resolved: list[tuple[Point, ResolvedRecipe]]) -> None:
        uses: Counter[str] = Counter()
        for point, recipe in resolved:
            label = " ".join(choice.label for choice in point.choices) or recipe.method.name
            uses[label] += 1
            unique = label if uses[label] == 1 else f"{label} #{uses[label]}"
            self.expansion.cells.append(Cell(point.coordinates, None, recipe, unique))
            self.expansion.written.append(point.overrides)

    def _arms(self) -> None:
        labels, base, arms = {cell.label for cell in self.expansion.cells}, self.layout.base, self.layout.arms
        if not self._arms_fit(len(labels) + len(arms), sum(len(base) + len(own) for own in arms.values())):
            return
        for name, own in arms.items():
            overrides = (*base, *own)
            if name in labels or not name.strip():
                message = "is the label of a cell of the grid too; give the arm another name"
                self.expansion.problems.append(self.source.problem(("arms", name), message))
            recipe = self.recipes.build(overrides)
            if recipe is not None:
                self.expansion.cells.append(Cell({}, name, recipe, name))
                self.expansion.written.append(overrides)

    def _arms_fit(self, cells: int, overrides: int) -> bool:
        expansion, seeds = self.expansion, len(self.experiment.seed_values)
        problem = size_problem(self.source, ("arms",), cells, seeds, expansion.work + overrides)
        expansion.problems += [problem] if problem else []
        expansion.work += 0 if problem else overrides
        return problem is None
