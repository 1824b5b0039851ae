"""Many conditions against many cells: an index by key and value, so that no cell is compared with each of them."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from probeline.experiment.match import MISSING, matches, value_at
from probeline.plugins.locations import original


class Conditions:
    """The conditions of `exclude` or of `when`, in order; `sections` of a recipe decide which of them hold."""

    def __init__(self, conditions: Sequence[Mapping[str, Any]]) -> None:
        self._conditions = conditions
        self.sections = frozenset(key.partition(".")[0] for condition in conditions for key in condition)
        self._by_value: dict[str, dict[Hashable, list[int]]] = {}
        counts = Counter(pair for condition in conditions for pair in _indexed(condition))
        for number, condition in enumerate(conditions):
            rarest = min(_by_key(condition).values(), key=lambda pairs: sum(counts[pair] for pair in pairs))
            for key, value in rarest:
                self._by_value.setdefault(key, {}).setdefault(value, []).append(number)

    @property
    def keys(self) -> int:
        """How many values of a cell are looked up."""
        return len(self._by_value)

    def first(self, recipe: Mapping[str, Any], coordinates: Mapping[str, Any], after: int = -1) -> int | None:
        """The first condition past number `after` that a cell meets, or None."""
        numbers = list(self._candidates(recipe, coordinates))
        while numbers:
            nexts = [each[at] for each in numbers if (at := bisect_right(each, after)) < len(each)]
            if not nexts:
                return None
            after = min(nexts)
            if matches(recipe, coordinates, self._conditions[after]):
                return after
        return None

    def _candidates(self, recipe: Mapping[str, Any], coordinates: Mapping[str, Any]) -> Iterator[list[int]]:
        """Numbers of conditions, ascending, that may hold: each that does is in one of the lists."""
        for key, by_value in self._by_value.items():
            value = value_at(recipe, key)
            if value is MISSING:
                continue
            words = {_word(value)}
            if isinstance(value, Mapping):
                words |= {None} | ({value["name"]} if "name" in value else _protocols(value))
            words |= {coordinates[key]} if isinstance(coordinates.get(key), str) else set()
            yield from (by_value[word] for word in words if word in by_value)


def _protocols(names: Iterable[str]) -> set[str]:
    """Names of protocols, with the former names by which a condition may mean them."""
    return {each for name in names for each in (name, original("protocols", name))}


def _indexed(condition: Mapping[str, Any]) -> Iterator[tuple[str, Hashable]]:
    return (pair for pairs in _by_key(condition).values() for pair in pairs)


def _by_key(condition: Mapping[str, Any]) -> dict[str, set[tuple[str, Hashable]]]:
    """Key -> (key, word) of each value that fulfils it."""
    return {
        key: {(key, _word(one)) for one in ([wanted, *wanted] if isinstance(wanted, list) else [wanted])}
        for key, wanted in condition.items()
    }


def _word(value: Any) -> Hashable:
    """What equal values share; of every mapping None, as a condition may name some of its parameters."""
    if isinstance(value, Mapping):
        return None
    return ("bool", value) if isinstance(value, bool) else _inner(value)


def _inner(value: Any) -> Hashable:
    """As `_word` for what a list holds, where true equals 1 as Python has it."""
    if isinstance(value, list):
        return tuple(_inner(item) for item in value)
    return None if isinstance(value, Mapping) else ("null",) if value is None else value
