"""Whether every cell's parts are for the kind of samples that its data give, by what the plug-ins declare.

Decided while loading, from constants that are read without an import, and before a byte of data is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from probeline.experiment.fitting import mistakes
from probeline.experiment.override import Override
from probeline.experiment.part import Part, part
from probeline.experiment.problems import Path, Problem, is_full
from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe
from probeline.experiment.trial import Cell

ProblemAt = Callable[[Sequence[Override], Path, str], Problem]
"""A mistake at a path of a recipe, at the line that wrote it: `Recipes.problem_at`."""

S = TypeVar("S")
Combination = tuple[int, ...]
"""Numbers of a cell's data, encoder, method and protocols: cells by the thousand are compared by them."""


def mismatches(cells: Sequence[Cell], written: Sequence[tuple[Override, ...]], problem_at: ProblemAt) -> list[Problem]:
    """What does not fit together, each with the first cell that it is in; once for a distinct combination of parts.

    `written`: the overrides that made each cell.
    """
    parts = _Parts()
    first: dict[Combination, int] = {}
    for index, cell in enumerate(cells):
        first.setdefault(parts.numbers(cell.recipe), index)
    provided = frozenset(each for _, _, method, *_ in map(parts.of, first) for each in method.declared.gives)
    problems: dict[tuple[str, str], _Seen] = {}
    for combination, index in first.items():
        data, encoder, method, *protocols = parts.of(combination)
        for path, message in mistakes(data, encoder, method, protocols, provided):
            if not is_full(problems):
                problem = problem_at(written[index], path, message)
                seen = problems.setdefault((problem.location, problem.path), _Seen(problem))
                seen.labels[_label(cells[index])] = None
    return [seen.with_cells() for seen in problems.values()]


def _label(cell: Cell) -> str:
    """The cell's label, '' where its problem's line is all there is to say: of an arm, or the only cell."""
    return cell.label if len(cell.coordinates) > 1 else ""


@dataclass(frozen=True)
class _Seen:
    """The first mistake in one value of the file, and the labels of all cells that have one there."""

    problem: Problem
    labels: dict[str, None] = field(default_factory=dict)

    def with_cells(self) -> Problem:
        """The mistake with the cells that have it."""
        label, *others = self.labels
        if not label:
            return self.problem
        more = f" and {len(others)} more" if others else ""
        message = f"{self.problem.message}; in cell {label!r}{more}; `exclude` leaves cells out"
        return Problem(self.problem.location, self.problem.path, message)


@dataclass
class _Parts:
    """The parts of recipes by number; a section that cells share is read once."""

    _sections: dict[tuple[str, int], tuple[Any, Combination]] = field(default_factory=dict)
    _numbers: dict[Part, int] = field(default_factory=dict)
    _parts: list[Part] = field(default_factory=list)

    def numbers(self, recipe: ResolvedRecipe) -> Combination:
        """The numbers of a resolved recipe's parts: the same for parts that declare the same."""
        data = self._once("data", recipe.data, _data)
        encoder = self._once("encoder", recipe.encoder, _encoder)
        method = self._once("method", recipe.method, _method)
        return data + encoder + method + self._once("evaluation", recipe.evaluation, _protocols)

    def of(self, combination: Combination) -> list[Part]:
        """The parts of these numbers."""
        return [self._parts[number] for number in combination]

    def _once(self, name: str, section: S, read: Callable[[S], tuple[Part, ...]]) -> Combination:
        key = (name, id(section))
        if key not in self._sections:
            numbers = tuple(self._number(each) for each in read(section))
            self._sections[key] = (section, numbers)  # the section too, so that no other gets its id
        return self._sections[key][1]

    def _number(self, part: Part) -> int:
        if part not in self._numbers:
            self._numbers[part] = len(self._parts)
            self._parts.append(part)
        return self._numbers[part]


def _data(component: ResolvedComponent) -> tuple[Part, ...]:
    return (part("data", component.as_dict()),)


def _encoder(component: ResolvedComponent) -> tuple[Part, ...]:
    return (part("encoder", component.as_dict()),)


def _method(component: ResolvedComponent) -> tuple[Part, ...]:
    return (part("method", component.as_dict()),)


def _protocols(evaluation: tuple[ResolvedComponent, ...]) -> tuple[Part, ...]:
    return tuple(part("evaluation", protocol.as_dict()) for protocol in evaluation)
