"""Points of the grid: axes crossed, then the rules of `when` applied to those that they match."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probeline.experiment.axes import AxisLayout, Choice, WhenRule, steps_of
from probeline.experiment.conditions import Conditions
from probeline.experiment.limits import lookups_problem, size_problem
from probeline.experiment.override import Override, by_depth
from probeline.experiment.problems import Path, Problem
from probeline.experiment.recipe import Recipes
from probeline.experiment.yaml_source import SpecSource


@dataclass(frozen=True)
class Point:
    """A point of the grid before its recipe is resolved."""

    choices: tuple[Choice, ...]
    overrides: tuple[Override, ...]

    @property
    def coordinates(self) -> dict[str, Any]:
        """Axis -> its value, or the label of a component."""
        return {choice.override.key: choice.coordinate for choice in self.choices}


class Points:
    """Makes the points of one experiment; mistakes go to `problems`, and `idle` are rules that matched no point."""

    def __init__(self, layout: AxisLayout, recipes: Recipes, source: SpecSource, seeds: int) -> None:
        self.layout, self.recipes, self.source, self.seeds = layout, recipes, source, seeds
        self.problems: list[Problem] = []
        self.idle: list[WhenRule] = []
        self.work = 0
        self._conditions = Conditions([rule.condition for rule in layout.rules])

    def make(self) -> list[Point]:
        """The points in the order of the file, the last axis fastest; none where there are too many."""
        layout = self.layout
        count = math.prod(len(group.steps) for group in layout.groups)
        each = len(layout.base) + sum(len(group.keys) for group in layout.groups) + len(layout.late)
        if not self._fits(("grid",), count, count * each):
            return []
        points = [
            Point(choices, (*layout.base, *by_depth(choice.override for choice in choices), *layout.late))
            for choices in steps_of(layout.groups)
        ]
        problem = lookups_problem(self.source, ("when",), self._conditions.keys, len(points))
        self.problems += [problem] if problem else []
        return self._ruled(points) if layout.rules and not problem else points

    def _fits(self, at: Path, cells: int, overrides: int) -> bool:
        problem = size_problem(self.source, at, cells, self.seeds, self.work + overrides)
        self.problems += [problem] if problem else []
        self.work += 0 if problem else overrides
        return problem is None

    def _ruled(self, points: list[Point]) -> list[Point]:
        """The points with every rule applied that they match, in order; what a rule sets decides the later ones."""
        ruled, matched = [], set()
        waiting = [(point, -1) for point in reversed(points)]
        while waiting:
            point, after = waiting.pop()
            number = self._conditions.first(self._decisive(point), point.coordinates, after)
            if number is None:
                ruled.append(point)
                continue
            matched.add(number)
            rule = self.layout.rules[number]
            groups = self._new_groups(rule, point)
            count = math.prod(len(group.steps) for group in groups)
            each = len(point.overrides) + len(rule.overrides) + len(groups) + len(self.layout.late)
            if not self._fits(rule.at, len(ruled) + len(waiting) + count, count * each):
                return []
            waiting += [(one, number) for one in reversed(list(self._applied(rule, point, groups)))]
        self.idle = [rule for number, rule in enumerate(self.layout.rules) if number not in matched]
        return ruled

    def _decisive(self, point: Point) -> dict[str, Any]:
        """The sections of a point's recipe that conditions look at."""
        return self.recipes.peek(point.overrides, self._conditions.sections)

    def _new_groups(self, rule: WhenRule, point: Point) -> list:
        """The axes that a rule adds to a point; one that the point has already is a mistake."""
        own = {choice.override.key for choice in point.choices}
        for key in (key for group in rule.groups for key in group.keys if key in own):
            problem = self.source.problem((*rule.at, "grid", key), "is an axis of these cells already; use exclude")
            self.problems += [problem] if problem not in self.problems else []
        return [group for group in rule.groups if not set(group.keys) & own]

    def _applied(self, rule: WhenRule, point: Point, groups: list) -> Iterator[Point]:
        for choices in steps_of(groups):
            added: list[Override] = by_depth(choice.override for choice in choices)
            overrides = (*point.overrides, *rule.overrides, *added, *self.layout.late)
            yield Point((*point.choices, *choices), overrides)
