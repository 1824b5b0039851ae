"""Why a condition matches no cell: a key that none has, a value that none has, or values that never meet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probeline.experiment.match import MISSING, value_at, value_matches
from probeline.experiment.problems import Path, Problem, listing, nearest, shown
from probeline.experiment.yaml_source import SpecSource

MAX_VALUES = 10

RecipeAndCoordinates = tuple[Mapping[str, Any], Mapping[str, Any]]


class UnmatchedConditions:
    """Explains conditions that no cell meets; the values of a key are gathered once for all of them."""

    def __init__(self, source: SpecSource, cells: Sequence[RecipeAndCoordinates], axes: list[str]) -> None:
        self.source, self.cells, self.axes = source, cells, axes
        self._values: dict[str, dict[str, RecipeAndCoordinates]] = {}

    def problems(self, at: Path, condition: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong with a condition at `at` of the file."""
        explained = False
        for key, wanted in condition.items():
            cells = self._by_value(key).values()
            if not any(value_matches(recipe, coordinates, key, wanted) for recipe, coordinates in cells):
                explained = True
                values = [value_at(recipe, key) for recipe, _ in cells]
                yield self.source.problem((*at, key), self._no_such_value(key, wanted, values))
        if not explained:
            yield self.source.problem(at, "matches no cell; each of its values occurs, but never together")

    def _by_value(self, key: str) -> dict[str, RecipeAndCoordinates]:
        """One cell for each value that a key has, or label that it goes by."""
        if key not in self._values:
            cells = ((value_at(recipe, key), recipe, coordinates) for recipe, coordinates in self.cells)
            self._values[key] = {
                f"{value!r} {coordinates.get(key)!r}": (recipe, coordinates)
                for value, recipe, coordinates in cells
                if value is not MISSING
            }
        return self._values[key]

    def _no_such_value(self, key: str, wanted: Any, values: Sequence[Any]) -> str:
        named = {shown(_brief(value)): _brief(value) for value in values}
        if not named:
            near = nearest(key, self.axes)
            return f"unknown; did you mean {near!r}?" if near else f"unknown; axes: {listing(self.axes) or 'none'}"
        texts = [value for value in named.values() if isinstance(value, str)]
        near = nearest(wanted, texts) if isinstance(wanted, str) else None
        hint = f"; did you mean {near!r}?" if near else ""
        return f"{shown(wanted)} matches no cell; there: {', '.join(list(named)[:MAX_VALUES])}{hint}"


def _brief(value: Any) -> Any:
    return value["name"] if isinstance(value, dict) and "name" in value else value
