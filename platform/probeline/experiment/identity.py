"""What makes two trials the same: canonical JSON of all that decides their numbers, hashed."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from probeline.core.settings import NotHashed, components, listed
from probeline.experiment.schema import Training
from probeline.experiment.trial import Cell, Trial
from probeline.plugins import catalog

FORMAT = 1
DIGITS = 16
EXACT = 2**53


def data_key(recipe: Mapping[str, Any]) -> str:
    """The key under which `digests` holds the content digest of a recipe's data: its canonical JSON."""
    return canonical_json(recipe["data"])


def all_data(recipe: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every dataset component of a recipe: its data, then those that protocols name."""
    protocols = ({"name": name, **parameters} for name, parameters in recipe["evaluation"].items())
    return [recipe["data"], *(data for protocol in protocols for data in _nested_data(protocol))]


def _nested_data(protocol: Mapping[str, Any]) -> list[dict[str, Any]]:
    marked = components(catalog.config("protocols", protocol["name"]))
    return [data for field, kind in marked if kind == "datasets" for data in listed(protocol[field]) if data]


def weights_key(recipe: Mapping[str, Any]) -> str | None:
    """The key under which `digests` holds the digest of the encoder's `weights` file; None where it has none."""
    weights = recipe["encoder"].get("weights")
    return None if weights is None else f"weights:{canonical_json(weights)}"


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces. Raises TypeError or ValueError for what JSON cannot hold."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(settings: BaseModel) -> dict[str, Any]:
    """Only what differs from the defaults, without fields marked NotHashed, nested settings alike.

    Raises TypeError for a value that has no canonical form.
    """
    found, kinds = {}, dict(components(type(settings)))
    for name, field in type(settings).model_fields.items():
        if _outside(field):
            continue
        default = field.get_default(call_default_factory=True, validated_data={})
        value = _canonical_field(getattr(settings, name), field, kinds.get(name))
        if field.is_required() or canonical_json(value) != canonical_json(
            _canonical_field(default, field, kinds.get(name))
        ):
            found[name] = value
    return found


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
    named = {"name": component["name"]} | ({"VERSION": version} if version > 1 else {})
    return named | {key: value for key, value in canonical(settings).items() if key != "variant"}


def trial(cell: Cell, seed: int, digests: Mapping[str, str]) -> Trial:
    """The trial of a cell and a seed. `digests` holds a content digest under `data_key`, and under `weights_key`.

    Raises KeyError where a digest is missing.
    """
    return _parts(cell, digests).trial(cell, seed)


def trials(cells: Sequence[Cell], seeds: Iterable[int], digests: Mapping[str, str]) -> tuple[list[Trial], list[str]]:
    """One seed of every cell before the second of any; and a note for each cell that is a twin of an earlier one.

    Twins have one recipe in canonical form: the first stays. Raises KeyError where a digest is missing.
    """
    kept: dict[_Parts, Cell] = {}
    notes = []
    for cell in cells:
        first = kept.setdefault(_parts(cell, digests), cell)
        if first is not cell:
            notes.append(f"{cell.label!r} is the same trial as {first.label!r}: it runs once, as {first.label!r}")
    return [parts.trial(cell, seed) for seed in seeds for parts, cell in kept.items()], notes


@dataclass(frozen=True)
class _Parts:
    """A cell's canonical JSON, cut where the seed goes: cells with equal parts are twins."""

    before: str
    after: str
    evaluation: str

    def trial(self, cell: Cell, seed: int) -> Trial:
        encoder_id = _hash(f"{self.before}{int(seed)}{self.after}")
        trial_id = _hash(f'{{"encoder_id":"{encoder_id}","evaluation":{self.evaluation}}}')
        return Trial(trial_id, encoder_id, cell, seed)


def _parts(cell: Cell, digests: Mapping[str, str]) -> _Parts:
    recipe, weights = cell.recipe, weights_key(cell.recipe)
    digest = canonical_json(digests[data_key(recipe)])
    weighed = f',"weights_digest":{canonical_json(digests[weights])}' if weights else ""
    # Written out in the sorted order of canonical JSON, as this runs for each of 10,000 trials.
    data, encoder, method = (
        _component_json(kind, canonical_json(recipe[section]))
        for kind, section in (("datasets", "data"), ("encoders", "encoder"), ("methods", "method"))
    )
    training = _training_json(canonical_json(recipe["training"]))
    protocols = {}
    for name, parameters in recipe["evaluation"].items():
        protocol = {"name": name, **parameters}
        found = [digests[canonical_json(one)] for one in _nested_data(protocol)]
        protocols[name] = json.loads(_component_json("protocols", canonical_json(protocol)))
        protocols[name] |= {"data_digests": found} if found else {}
    return _Parts(
        f'{{"data":{data},"data_digest":{digest},"encoder":{encoder},"format":{FORMAT},"method":{method},"seed":',
        f',"training":{training}{weighed}}}',
        canonical_json(protocols),
    )


@cache
def _component_json(kind: str, component: str) -> str:
    return canonical_json(canonical_component(kind, json.loads(component)))


@cache
def _training_json(training: str) -> str:
    return canonical_json(canonical(Training.model_validate_json(training, strict=True)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _outside(field: FieldInfo) -> bool:
    return any(mark is NotHashed or isinstance(mark, NotHashed) for mark in field.metadata)


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
