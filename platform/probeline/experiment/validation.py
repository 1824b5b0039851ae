"""pydantic's errors in our words: where, what came, what is allowed, what is nearest."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from probeline.experiment.problems import MAX_PROBLEMS, Path, nearest, shown, unknown
from probeline.plugins.catalog import nested_models

BOUNDS = {"greater_than": ("gt", "above"), "greater_than_equal": ("ge", "at least")} | {
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "none": "null",
    "finite": "a finite number",
    "path": "a path",
}
LENGTHS = {"too_short": ("min_length", "at least"), "too_long": ("max_length", "at most")}


def complaints(model: type[BaseModel], error: ValidationError, value: Any) -> list[tuple[Path, str]]:
    """A validation error as (path into `value`, message), one for each path, MAX_PROBLEMS paths at most.

    `value` is what was validated; the members of a union that all refused one value are its alternatives.
    """
    by_path: dict[Path, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False, include_context=True):
        path = _existing(detail, value)
        if path in by_path or len(by_path) < MAX_PROBLEMS:
            by_path.setdefault(path, []).append(detail)
    blamed = {path for path, details in by_path.items() if not _only_alternatives(path, details, by_path)}
    return [(path, _message(model, path, details)) for path, details in by_path.items() if path in blamed]


def _only_alternatives(path: Path, details: list[ErrorDetails], paths: Iterable[Path]) -> bool:
    """Whether another member of a union took the value and complains of something inside it."""
    inside = any(len(other) > len(path) and other[: len(path)] == path for other in paths)
    return inside and all(detail["type"].endswith("_type") for detail in details)


def fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """The names that the settings at `path` below `model` have."""
    models = [model]
    for part in path:
        fields = [f for m in models for name, f in m.model_fields.items() if part in (name, f.alias)]
        if fields:
            models = [inner for field in fields for inner in nested_models(field.annotation)]
    return list(dict.fromkeys(name for m in models for name in _names(m)))


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _existing(detail: ErrorDetails, value: Any) -> Path:
    """The part of an error's location that is in the value: pydantic adds the names of union members."""
    path: Path = ()
    for part in detail["loc"]:
        key: Any = part
        if (isinstance(value, dict) and key in value) or (isinstance(value, list) and key in range(len(value))):
            path, value = (*path, part), value[key]
        elif detail["type"] == "missing" and part == detail["loc"][-1]:
            path = (*path, part)
    return path


def _message(model: type[BaseModel], path: Path, details: list[ErrorDetails]) -> str:
    kinds = {detail["type"] for detail in details}
    if "extra_forbidden" in kinds and path:
        return unknown(str(path[-1]), [name for name in fields_at(model, path[:-1]) if name != "variant"])
    if "missing" in kinds:
        return "missing; it has no default"
    own = [detail for detail in details if detail["type"] in ("value_error", "assertion_error")]
    if own:
        return str(own[0]["ctx"]["error"])
    allowed = " or ".join(dict.fromkeys(_allowed(detail) for detail in details))
    came = details[0]["input"]
    return f"got {shown(came)}; allowed: {allowed}{_hint(came, details)}"


def _allowed(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in BOUNDS:
        name, words = BOUNDS[kind]
        return f"{words} {context[name]:g}" if isinstance(context[name], float) else f"{words} {context[name]}"
    if kind in LENGTHS:
        name, words = LENGTHS[kind]
        return f"{words} {context[name]} {'entry' if context[name] == 1 else 'entries'}"
    if kind in ("literal_error", "enum"):
        return str(context["expected"])
    if kind == "multiple_of":
        return f"a multiple of {context['multiple_of']}"
    return TYPES.get(kind.split("_")[0], detail["msg"])


def _hint(came: Any, details: list[ErrorDetails]) -> str:
    options = list(_options(details))
    near = nearest(came, options) if isinstance(came, str) else None
    return f"; did you mean {near!r}?" if near else ""


def _options(details: list[ErrorDetails]) -> Iterator[str]:
    for detail in details:
        if detail["type"] in ("literal_error", "enum"):
            yield from str(detail["ctx"]["expected"]).split("'")[1::2]
