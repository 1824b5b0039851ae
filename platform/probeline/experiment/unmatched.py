"""Why a condition matches no cell: a key that none has, a value that none has, or values that never meet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from probeline.experiment.match import MISSING, value_at, value_matches
from probeline.experiment.problems import Path, Problem, listing, nearest, shown
from probeline.experiment.yaml_source import SpecSource

MAX_VALUES = 10


def unmatched(
    source: SpecSource, at: Path, condition: Mapping[str, Any], cells: Sequence[tuple[dict, dict]], axes: list[str]
) -> Iterator[Problem]:
    """What is wrong with a condition at `at`; `cells`: the recipe and the coordinates of each."""
    explained = False
    for key, wanted in condition.items():
        if not any(value_matches(recipe, coordinates, key, wanted) for recipe, coordinates in cells):
            explained = True
            values = (value_at(recipe, key) for recipe, _ in cells)
            yield source.problem((*at, key), _no_such_value(key, wanted, values, axes))
    if not explained:
        yield source.problem(at, "matches no cell; each of its values occurs, but never together")


def _no_such_value(key: str, wanted: Any, values: Iterable[Any], axes: list[str]) -> str:
    named = {shown(_brief(value)): _brief(value) for value in values if value is not MISSING}
    if not named:
        near = nearest(key, axes)
        return f"unknown; did you mean {near!r}?" if near else f"unknown; axes: {listing(axes) or 'none'}"
    near = nearest(wanted, [v for v in named.values() if isinstance(v, str)]) if isinstance(wanted, str) else None
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{shown(wanted)} matches no cell; there: {', '.join(list(named)[:MAX_VALUES])}{hint}"


def _brief(value: Any) -> Any:
    return value["name"] if isinstance(value, dict) and "name" in value else value
