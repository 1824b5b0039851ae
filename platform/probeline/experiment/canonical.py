"""Canonical forms: one JSON text for all ways to write the same settings, of which ids are hashes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from probeline.core.settings import NotHashed, components, listed
from probeline.errors import UserError
from probeline.experiment.trial import EXACT
from probeline.plugins import catalog
from probeline.plugins.locations import original

ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
SCALARS = frozenset((int, float, str, bool, type(None)))


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces. Raises TypeError or ValueError for what JSON cannot hold."""
    return ENCODER.encode(value)


def canonical(settings: BaseModel) -> dict[str, Any]:
    """Only what differs from the defaults, without fields marked NotHashed, nested settings alike.

    Raises TypeError for a value that has no canonical form.
    """
    differing = {}
    for field in _hashed_fields(type(settings)):
        value = getattr(settings, field.name)
        required, default = field.default_json is None, field.default
        if not required and type(value) in SCALARS and type(value) is type(default) and value == default:
            continue  # the short way, which 10,000 trials take
        form = _canonical_field(value, field.info, field.kind)
        if required or canonical_json(form) != field.default_json:
            differing[field.name] = form
    return differing


@dataclass(frozen=True)
class _HashedField:
    """A field that enters ids; `default_json`: its default in canonical form, None where it has no default."""

    name: str
    info: FieldInfo
    kind: str | None
    default: Any
    default_json: str | None


@cache
def _hashed_fields(model: type[BaseModel]) -> tuple[_HashedField, ...]:
    kinds, fields = dict(components(model)), []
    for name, info in model.model_fields.items():
        if not _outside(info):
            kind = kinds.get(name)
            default = None if info.is_required() else info.get_default(call_default_factory=True, validated_data={})
            text = None if info.is_required() else canonical_json(_canonical_field(default, info, kind))
            fields.append(_HashedField(name, info, kind, default, text))
    return tuple(fields)


def _canonical_field(value: Any, field: FieldInfo, kind: str | None) -> Any:
    """A field's value in canonical form; where it holds components of `kind`, each of them."""
    if kind is None or value is None or isinstance(value, BaseModel):
        return _canonical_value(value, field)
    several = [canonical_component(kind, component) for component in listed(value)]
    return several if isinstance(value, list | tuple) else several[0]


def canonical_component(kind: str, component: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of a resolved component: its name, its VERSION above 1, and what differs from the defaults.

    Raises UnknownPlugin, pydantic.ValidationError, TypeError.
    """
    settings = catalog.validated(catalog.config(kind, component["name"]), dict(component))
    version = catalog.version(kind, component["name"])
    named = {"name": original(kind, component["name"])} | ({"VERSION": version} if version > 1 else {})
    return named | {key: value for key, value in canonical(settings).items() if key != "variant"}


@cache
def outside_identity(kind: str, name: str) -> frozenset[str]:
    """The parameters of a plug-in that no id depends on; none of one that is not installed."""
    try:
        fields = catalog.config(kind, name).model_fields
    except UserError:
        return frozenset()
    return frozenset(key for key, field in fields.items() if _outside(field))


def _outside(field: FieldInfo) -> bool:
    return is_marked(field, NotHashed)


def is_marked(field: FieldInfo, mark: type) -> bool:
    """Whether a field's metadata has a mark, as the class or as an instance."""
    return any(isinstance(each, mark) or (isinstance(each, type) and issubclass(each, mark)) for each in field.metadata)


def _canonical_value(value: Any, field: FieldInfo | None = None) -> Any:
    if isinstance(value, BaseModel):
        # Members of a union are told apart even where both say only defaults.
        several = field is not None and len(catalog.nested_models(field.annotation)) > 1
        return ({"class": type(value).__name__} if several else {}) | canonical(value)
    if isinstance(value, Enum):
        return _canonical_value(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < EXACT else value
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, list | tuple):
        return [_canonical_value(item, field) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_canonical_value(item, field) for item in value), key=canonical_json)
    if isinstance(value, dict):
        return {str(key): _canonical_value(item, field) for key, item in value.items()}
    raise TypeError(f"{value!r} of type {type(value).__name__} has no canonical form, so no id")
