"""The pairs of cells that `seeds: {until: decided}` compares, and the mistakes in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probeline.experiment.match import matches
from probeline.experiment.problems import Path, Problem, nearest, shown
from probeline.experiment.schema import Experiment
from probeline.experiment.trial import Cell
from probeline.experiment.until_decided import Side, UntilDecided

MAX_COMPARISONS = 50
"""Comparisons of one experiment: each further one makes all of them stricter."""


@dataclass(frozen=True)
class CellPair:
    """Two cells whose difference is to be decided, the first minus the second."""

    ours: Cell
    theirs: Cell

    @property
    def labels(self) -> tuple[str, str]:
        """Their labels."""
        return self.ours.label, self.theirs.label

    @property
    def same_data(self) -> bool:
        """Whether seeds of the two are pairs: the same data, so the same test split."""
        return self.ours.recipe.data.as_dict() == self.theirs.recipe.data.as_dict()


def pairs(rule: UntilDecided, cells: Sequence[Cell]) -> list[CellPair]:
    """The pairs of cells that `rule.compare` means among these cells, each once, in its order.

    One cell is compared with each of several. Several are compared with several where all other axes agree.
    """
    by_labels: dict[tuple[str, str], CellPair] = {}
    for ours, theirs in rule.compare:
        for pair in _matched(meant(ours, cells), meant(theirs, cells)):
            if pair.labels not in by_labels and pair.labels[::-1] not in by_labels:
                by_labels[pair.labels] = pair
    return list(by_labels.values())


def meant(side: Side, cells: Sequence[Cell]) -> list[Cell]:
    """The cells that one side names: by label, else by a value of an axis; or by what they match."""
    if isinstance(side, dict):
        return [cell for cell in cells if side and matches(cell.recipe.as_dict(), cell.coordinates, side)]
    named = [cell for cell in cells if side in (cell.label, cell.arm)]
    return named or [cell for cell in cells if side in cell.coordinates.values()]


def _matched(ours: Sequence[Cell], theirs: Sequence[Cell]) -> list[CellPair]:
    both = [CellPair(a, b) for a in ours for b in theirs if a is not b]
    if len(ours) == 1 or len(theirs) == 1:
        return both
    return [pair for pair in both if _differ_once(pair.ours.coordinates, pair.theirs.coordinates)]


def _differ_once(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    shared = ours.keys() & theirs.keys()
    return sum(ours[axis] != theirs[axis] for axis in shared) == 1


def check(experiment: Experiment, cells: Sequence[Cell], metric: str | None) -> list[Problem]:
    """The mistakes of `seeds: {until: decided}`: sides that no cell has, pairs of different data, no metric, tuning."""
    rule, source = experiment.until_decided, experiment.source
    if rule is None or not cells:
        return []
    if experiment.tune is not None:
        return [source.problem(("seeds",), "until: decided does not go with tune; allowed: a count or a list of seeds")]
    if metric is None:
        return [source.problem(("seeds",), "until: decided needs a metric to decide by; name it as report.metric")]
    problems = [problem for index in range(len(rule.compare)) for problem in _of_pair(experiment, index, cells)]
    count = len(pairs(rule, cells))
    if not problems and count > MAX_COMPARISONS:
        message = f"makes {count} comparisons; at most {MAX_COMPARISONS}"
        problems.append(source.problem(("seeds", "compare"), message))
    return problems


def _of_pair(experiment: Experiment, index: int, cells: Sequence[Cell]) -> list[Problem]:
    assert experiment.until_decided is not None
    sides, at = experiment.until_decided.compare[index], ("seeds", "compare", index)
    groups = [meant(side, cells) for side in sides]
    problems = [
        experiment.source.problem((*at, position), _unknown(side, cells))
        for position, (side, group) in enumerate(zip(sides, groups, strict=True))
        if not group
    ]
    return problems or _of_cells(experiment, at, _matched(*groups), sides)


def _of_cells(experiment: Experiment, at: Path, matched: list[CellPair], sides: Sequence[Side]) -> list[Problem]:
    both = " and ".join(map(shown, sides))
    if not matched:
        message = f"{both} have no two cells that differ in one axis alone; allowed: labels of two cells"
        return [experiment.source.problem(at, message)]
    other = next(
        (pair for pair in matched if pair.ours.recipe.data.as_dict() != pair.theirs.recipe.data.as_dict()), None
    )
    if other is None:
        return []
    message = f"{other.labels[0]!r} and {other.labels[1]!r} are of different data, so their seeds are no pairs"
    return [experiment.source.problem(at, f"{message}; allowed: cells of the same data")]


def _unknown(side: Side, cells: Sequence[Cell]) -> str:
    if isinstance(side, dict):
        return f"got {shown(side)}; matches no cell"
    values = [value for cell in cells for value in cell.coordinates.values() if isinstance(value, str)]
    names = list(dict.fromkeys([*(cell.label for cell in cells), *values]))
    near = nearest(side, names)
    hint = f"did you mean {near!r}?" if near else f"there: {', '.join(names[:10])}"
    return f"got {shown(side)}; no arm, cell or value of an axis has this name; {hint}"
