"""Whether a resolved recipe is among those that `if`, `exclude` or `baseline` mean."""

from collections.abc import Iterator, Mapping
from typing import Any

from probeline.plugins.locations import current

MISSING = object()


def matches(recipe: Mapping[str, Any], coordinates: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    """True where every key of `condition` has its value, or one of its list of values."""
    return all(value_matches(recipe, coordinates, key, wanted) for key, wanted in condition.items())


def value_matches(recipe: Mapping[str, Any], coordinates: Mapping[str, Any], key: str, wanted: Any) -> bool:
    """True where `key` has the value `wanted`: a component by its name, its label, or some of its parameters."""
    value = value_at(recipe, key)
    if value is MISSING:
        return False
    candidates = [wanted, *wanted] if isinstance(wanted, list) else [wanted]
    label = coordinates.get(key, MISSING)
    return any(_same(value, one) or (isinstance(one, str) and label == one) for one in candidates)


def value_at(recipe: Mapping[str, Any], key: str) -> Any:
    """The value of a dotted key, MISSING where the recipe has none. Protocols' names may hold dots."""
    return next(_walk(recipe, key.split(".")), MISSING)


def _walk(value: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield value
    elif isinstance(value, Mapping):
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            for key in {name, current("protocols", name)}:
                if key in value:
                    yield from _walk(value[key], parts[length:])


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and isinstance(value, Mapping):
        return value.get("name") == wanted if "name" in value else current("protocols", wanted) in value
    if isinstance(wanted, Mapping) and isinstance(value, Mapping):
        return all(_same(value.get(key, MISSING), one) for key, one in wanted.items())
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted
