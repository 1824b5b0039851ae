"""From an experiment to its cells: axes crossed in the file's order, rules, exclusions, then the arms."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from probeline.experiment.axes import AxisLayout, Choice, WhenRule, layout, steps_of
from probeline.experiment.match import MISSING, matches, value_at, value_matches
from probeline.experiment.override import Override, by_depth
from probeline.experiment.problems import Problem, SpecError, nearest, shown
from probeline.experiment.recipe import Recipes
from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Cell
from probeline.experiment.yaml_source import SpecSource

MAX_CELLS = 100_000


@dataclass(frozen=True)
class Point:
    """A point of the grid before its recipe is resolved."""

    choices: tuple[Choice, ...]
    overrides: tuple[Override, ...]

    @property
    def coordinates(self) -> dict[str, Any]:
        return {choice.override.key: choice.coordinate for choice in self.choices}


@dataclass
class Expansion:
    """`cells` with the overrides that made each; `problems` where the experiment is wrong.

    `idle` are rules and exclusions that match nothing: a mistake in the file, but not in one scale of it.
    """

    cells: list[Cell] = field(default_factory=list)
    written: list[tuple[Override, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    idle: list[Problem] = field(default_factory=list)
    recipes: Recipes = field(default_factory=lambda: Recipes(SpecSource("experiment")))


def cells(experiment: Experiment) -> list[Cell]:
    """The cells in order: axes as in the file, the last fastest; then the arms.

    Raises SpecError for an experiment that `load` would have refused.
    """
    expansion = expand(experiment)
    if expansion.problems:
        raise SpecError(expansion.problems)
    return expansion.cells


def expand(experiment: Experiment) -> Expansion:
    """The cells, and everything that is wrong with them."""
    return _Grid(experiment).expand()


class _Grid:
    def __init__(self, experiment: Experiment):
        self.experiment, self.source = experiment, experiment.source
        self.recipes = Recipes(self.source)
        self.layout: AxisLayout = layout(experiment)
        self.found = Expansion(problems=self.layout.problems, recipes=self.recipes)

    def expand(self) -> Expansion:
        points = self._points()
        kept = self._without_excluded(points)
        self._label(kept)
        self._arms()
        self.found.problems += self.recipes.problems
        if not self.found.cells and not self.found.problems:
            self.found.problems.append(self.source.problem(("exclude",), "leaves no cell"))
        return self.found

    def _points(self) -> list[Point]:
        """Grid points with their rules applied; none where there are arms and no axis at all."""
        groups = self.layout.groups
        if self.experiment.arms and not (self.experiment.grid or self.experiment.zip):
            return []
        count = math.prod(len(group.steps) for group in groups)
        if count > MAX_CELLS:
            self._too_many(("grid",), count)
            return []
        base, late = self.layout.base, self.layout.late
        points = [
            Point(choices, (*base, *by_depth(choice.override for choice in choices), *late))
            for choices in steps_of(groups)
        ]
        for rule in self.layout.rules:
            points = self._ruled(rule, points)
        return points

    def _too_many(self, at: tuple, count: int) -> None:
        message = f"makes {count:,} cells; at most {MAX_CELLS:,}"
        self.found.problems.append(self.source.problem(at, message))

    def _ruled(self, rule: WhenRule, points: list[Point]) -> list[Point]:
        ruled: list[Point] = []
        matching: list[Point] = []
        for point in points:
            matched = matches(self.recipes.peek(point.overrides), point.coordinates, rule.condition)
            matching += [point] if matched else []
            ruled += self._applied(rule, point) if matched else [point]
            if len(ruled) > MAX_CELLS:
                self._too_many(rule.at, len(ruled))
                return points
        if not matching:
            self.found.idle += self._idle((*rule.at, "if"), rule.condition, points)
        return ruled

    def _applied(self, rule: WhenRule, point: Point) -> Iterator[Point]:
        taken = {choice.override.key for choice in point.choices}
        again = [key for group in rule.groups for key in group.keys if key in taken]
        for key in again:
            problem = self.source.problem((*rule.at, "grid", key), "is an axis of these cells already; use exclude")
            self.found.problems += [problem] if problem not in self.found.problems else []
        for choices in steps_of([group for group in rule.groups if not set(group.keys) & taken]):
            added = by_depth(choice.override for choice in choices)
            overrides = (*point.overrides, *rule.overrides, *added, *self.layout.late)
            yield Point((*point.choices, *choices), overrides)

    def _without_excluded(self, points: list[Point]) -> list[tuple[Point, dict]]:
        resolved = [(point, self.recipes.build(point.overrides)) for point in points]
        kept = [(point, recipe) for point, recipe in resolved if recipe is not None]
        for index, condition in enumerate(self.experiment.exclude):
            left = [(p, r) for p, r in kept if not matches(r, p.coordinates, condition)]
            if len(left) == len(kept):
                self.found.idle += self._idle(("exclude", index), condition, points)
            kept = left
        return kept

    def _idle(self, at: tuple, condition: dict[str, Any], points: list[Point]) -> Iterator[Problem]:
        """Why a condition matches nothing: a key that no cell has, a value that none has, or their combination."""
        recipes = [(self.recipes.peek(point.overrides), point.coordinates) for point in points]
        told = False
        for key, wanted in condition.items():
            if not any(value_matches(recipe, coordinates, key, wanted) for recipe, coordinates in recipes):
                told = True
                values = [value_at(recipe, key) for recipe, _ in recipes]
                yield self.source.problem((*at, key), _unmatched(key, wanted, values, self.experiment.axes))
        if not told:
            yield self.source.problem(at, "matches no cell; each of its values occurs, but never together")

    def _label(self, kept: list[tuple[Point, dict]]) -> None:
        taken: Counter[str] = Counter()
        for point, recipe in kept:
            label = " ".join(choice.label for choice in point.choices) or recipe["method"]["name"]
            taken[label] += 1
            unique = label if taken[label] == 1 else f"{label} #{taken[label]}"
            self.found.cells.append(Cell(point.coordinates, None, recipe, unique))
            self.found.written.append(point.overrides)

    def _arms(self) -> None:
        labels = {cell.label for cell in self.found.cells}
        for name, own in self.layout.arms.items():
            if name in labels or not name.strip():
                message = "is the label of a cell of the grid too; give the arm another name"
                self.found.problems.append(self.source.problem(("arms", name), message))
            overrides = (*self.layout.base, *own)
            recipe = self.recipes.build(overrides)
            if recipe is not None:
                self.found.cells.append(Cell({}, name, recipe, name))
                self.found.written.append(overrides)


def _unmatched(key: str, wanted: Any, values: Iterable[Any], axes: list[str]) -> str:
    there = {shown(_brief(value)): _brief(value) for value in values if value is not MISSING}
    if not there:
        near = nearest(key, axes)
        return f"unknown; did you mean {near!r}?" if near else f"unknown; axes: {', '.join(axes) or 'none'}"
    near = nearest(wanted, [v for v in there.values() if isinstance(v, str)]) if isinstance(wanted, str) else None
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{shown(wanted)} matches no cell; there: {', '.join(list(there)[:10])}{hint}"


def _brief(value: Any) -> Any:
    return value["name"] if isinstance(value, dict) and "name" in value else value
