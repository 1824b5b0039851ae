"""Components with all their parameters, or the complaints of their plug-ins' Configs."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from probeline.core.settings import Settings, components, listed
from probeline.errors import UserError
from probeline.experiment.canonical import canonical, canonical_json
from probeline.experiment.problems import Path
from probeline.experiment.schema import KINDS_OF_SECTIONS, Training
from probeline.experiment.validation import complaints
from probeline.plugins import catalog
from probeline.plugins.config_source import PLUGIN_ERRORS
from probeline.plugins.locations import current


@dataclass(frozen=True)
class Resolved:
    """`value`: JSON-able, every default filled, None where it is wrong; `complaints`: (path into it, message)."""

    value: dict[str, Any] | None
    complaints: tuple[tuple[Path, str], ...] = ()


def resolve(kind: str, written: dict[str, Any]) -> Resolved:
    """A component `{name: ..., parameters}` with its defaults."""
    name = written.get("name")
    if not isinstance(name, str):
        names = ", ".join(catalog.names(kind))
        message = f"missing; name one of the {kind}: {names}" if name is None else f"not a name; {kind}: {names}"
        return Resolved(None, ((("name",) if written else (), message),))
    name = current(kind, name)
    try:
        config = catalog.config(kind, name)
    except catalog.UnknownPlugin as error:
        return Resolved(None, ((("name",), f"got {name!r}; {error.reason}"),))
    except UserError as error:
        return Resolved(None, ((("name",), str(error)),))
    if "variant" in written and "variant" in config.model_fields:
        return Resolved(None, ((("variant",), f"belongs to the name; write name: {name.partition('/')[0]}/<variant>"),))
    return _checked(config, written, named=name, hashed=kind != "figures")


def resolve_training(written: dict[str, Any]) -> Resolved:
    """The training section with its defaults."""
    return _checked(Training, written, named=None, hashed=False)


def resolve_section(section: str, written: dict[str, Any]) -> Resolved:
    """A recipe's section with its defaults; `evaluation` maps protocol names to their parameters."""
    if section == "training":
        return resolve_training(written)
    if section != "evaluation":
        return resolve(KINDS_OF_SECTIONS[section], written)
    value, complaints = {}, []
    for name, parameters in written.items():
        one = resolve("protocols", {**parameters, "name": name})
        complaints += [((name, *(path if path != ("name",) else ())), message) for path, message in one.complaints]
        value[name] = {key: item for key, item in (one.value or {}).items() if key != "name"}
    if not written:
        complaints.append(((), f"empty; protocols: {', '.join(catalog.names('protocols'))}"))
    return Resolved(None if complaints else value, tuple(complaints))


def _checked(config: type[Settings], written: dict[str, Any], named: str | None, hashed: bool) -> Resolved:
    """The parameters with defaults; `hashed`: they enter a trial's id, and the canonical form is tried here."""
    given = {key: value for key, value in written.items() if named is None or key != "name"}
    try:
        given, wrong = _nested(config, given)
        if wrong:
            return Resolved(None, tuple(wrong))
        filled = with_defaults(config, given)
        if named is None:
            settings = config.model_validate_json(json.dumps(filled), strict=True)
        else:
            settings = catalog.validated(config, {**filled, "name": named})
        value = settings.model_dump(mode="json")
        if hashed:
            canonical_json(canonical(settings))
    except ValidationError as error:
        refused = complaints(config, error, filled)
        return Resolved(None, tuple(_with_name(path, message, named) for path, message in refused))
    except PLUGIN_ERRORS as error:  # a validator or a default may raise anything
        return Resolved(None, (((), f"{named or 'training'} refuses it with {type(error).__name__}: {error}"),))
    if named is None:
        return Resolved(value)
    plugin, variant = catalog.split(named)[0], value.pop("variant", None)
    return Resolved({"name": f"{plugin}/{variant}" if variant else plugin, **value})


def _nested(config: type[Settings], given: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """`given` with every field that holds components resolved; and what is wrong with them.

    A parameter that only the nested component has may stand beside it: `{name: simclr, temperature: 0.2}`.
    """
    filled, wrong = dict(given), []
    for field, kind in components(config):
        default = config.model_fields[field].get_default(call_default_factory=True, validated_data={})
        value = _named_component(filled.get(field), default)
        if isinstance(value, dict) and catalog.nested_models(config.model_fields[field].annotation):
            continue  # the field takes settings too, and a mapping is meant for those
        if isinstance(value, dict):
            inner = _parameters_of(kind, value)
            beside = [key for key in filled if key in inner and key not in config.model_fields]
            written = filled.get(field)
            own = written if isinstance(written, dict) else {}
            value = {**value, **{key: filled.pop(key) for key in beside}, **own}
        if value is None or not all(isinstance(item, str | dict) for item in listed(value)):
            continue  # the Config says whether nothing is allowed, and what is
        several = isinstance(value, list | tuple)
        resolved = [resolve(kind, item if isinstance(item, dict) else {"name": item}) for item in listed(value)]
        for index, one in enumerate(resolved):
            at: Path = (field, index) if several else (field,)
            wrong += [((*at, *path) if path != ("name",) else at, message) for path, message in one.complaints]
        filled[field] = [one.value for one in resolved] if several else resolved[0].value
    return filled, wrong


def _named_component(value: Any, default: Any) -> Any:
    """A component as written -> a mapping with a name: the default's where only parameters are given, or nothing is."""
    if value is None:
        return default
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict) and "name" not in value and isinstance(default, dict):
        return {**default, **value}
    return value


def _parameters_of(kind: str, component: dict[str, Any]) -> list[str]:
    try:
        return list(catalog.config(kind, component["name"]).model_fields)
    except (UserError, KeyError, TypeError, AttributeError):
        return []  # reported where the component itself is resolved


def _with_name(path: Path, message: str, named: str | None) -> tuple[Path, str]:
    """Says whose parameter is unknown where a component has a name."""
    if named and message.startswith("unknown; "):
        return path, f"unknown to {named}; {message.removeprefix('unknown; ')}"
    return path, message


def with_defaults(config: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """`given` with nested mappings merged into the nested defaults that this Config, not their class, declares."""
    filled = dict(given)
    for name, value in given.items():
        field = config.model_fields.get(name)
        if field is not None and isinstance(value, dict):
            default = field.get_default(call_default_factory=True, validated_data={})
            if isinstance(default, BaseModel) and catalog.nested_models(field.annotation) == [type(default)]:
                filled[name] = merged(default.model_dump(mode="json"), with_defaults(type(default), value))
    return filled


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, mapping by mapping."""
    both = dict(below)
    for key, value in above.items():
        under = both.get(key)
        both[key] = merged(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return both
