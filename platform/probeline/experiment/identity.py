"""Trial ids: the hash of the canonical JSON of all that decides a trial's numbers."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from probeline.core.settings import HashedByContent, NotHashed, components, listed
from probeline.errors import UserError
from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe
from probeline.experiment.schema import Training
from probeline.experiment.trial import EXACT, Cell, FinishedTrial, Teacher, Trial
from probeline.plugins import catalog
from probeline.plugins.locations import original

FORMAT = 1
DIGITS = 16
ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
SCALARS = frozenset((int, float, str, bool, type(None)))
S = TypeVar("S")
F = TypeVar("F")


def data_key(recipe: ResolvedRecipe) -> str:
    """The key under which `digests` holds the content digest of a recipe's data: its canonical JSON."""
    return canonical_json(recipe.data.as_dict())


def all_data(recipe: ResolvedRecipe) -> list[ResolvedComponent]:
    """Every data set of a recipe: its own, then those that protocols name."""
    return [recipe.data, *(data for protocol in recipe.evaluation for data in _nested_data(protocol))]


def _nested_data(protocol: ResolvedComponent) -> list[ResolvedComponent]:
    fields = [field for field, kind in components(catalog.config("protocols", protocol.name)) if kind == "datasets"]
    named = (data for field in fields for data in listed(protocol.parameters[field]) if data)
    return [ResolvedComponent.from_dict(data) for data in named]


def weights_path(encoder: ResolvedComponent) -> str | None:
    """The file or folder that an encoder starts from: its `weights`, or a field marked HashedByContent."""
    fields = catalog.config("encoders", encoder.name).model_fields.items()
    marked = [name for name, field in fields if any(_is_mark(mark, HashedByContent) for mark in field.metadata)]
    paths = (encoder.parameters.get(name) for name in ("weights", *marked))
    return next((path for path in paths if path is not None), None)


def weights_key(encoder: ResolvedComponent) -> str | None:
    """The key under which `digests` holds the digest of an encoder's `weights_path`; None where it has none."""
    path = weights_path(encoder)
    return None if path is None else f"weights:{canonical_json(path)}"


def finished_key(teacher: FinishedTrial) -> str:
    """The key under which `digests` holds the encoder id of a finished trial that a cell learns from."""
    return f"trial:{teacher.id}"


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


def trial(cell: Cell, seed: int, digests: Mapping[str, str]) -> Trial:
    """The trial of a cell and a seed. `digests` holds a content digest under `data_key`, `weights_key`, `finished_key`.

    Raises KeyError where a digest is missing.
    """
    return _Identities(digests).of(cell).trial(cell, seed)


def trials(cells: Sequence[Cell], seeds: Iterable[int], digests: Mapping[str, str]) -> tuple[list[Trial], list[str]]:
    """One seed of every cell before the second of any; and a note for each cell that is a twin of an earlier one.

    Twins have one recipe in canonical form: the first stays. Raises KeyError where a digest is missing.
    """
    distinct: dict[_Identity, Cell] = {}
    notes, identities = [], _Identities(digests)
    for cell in cells:
        first = distinct.setdefault(identities.of(cell), cell)
        if first is not cell:
            notes.append(f"{cell.label!r} is the same trial as {first.label!r}: it runs once, as {first.label!r}")
    hashed = [(identity, identity.hash_before_seed(), cell) for identity, cell in distinct.items()]
    return [identity.trial(cell, seed, before) for seed in seeds for identity, before, cell in hashed], notes


@dataclass(frozen=True)
class _Identity:
    """The canonical JSON of a cell's parts, without a seed: cells with equal parts are twins."""

    data: str
    data_digest: str
    encoder: str
    method: str
    training: str
    weights_digest: str | None
    evaluation: str
    teacher: "_Identity | str | None" = None

    def hash_before_seed(self) -> Any:
        """The hash as far as it is the same for every seed: of canonical JSON written out in its sorted order."""
        return hashlib.sha256(
            f'{{"data":{self.data},"data_digest":{self.data_digest},"encoder":{self.encoder},"format":{FORMAT},'
            f'"method":{self.method},"seed":'.encode()
        )

    def trial(self, cell: Cell, seed: int, before: Any = None) -> Trial:
        """The trial of the cell and a seed; `before`: `hash_before_seed()`, where there are many seeds."""
        encoder_id, teacher = self._encoder_id(seed, before), None
        if cell.teacher is not None:
            teacher = Teacher(self._teacher_id(seed), _in_words(cell.teacher, seed))
        trial_id = _hash(f'{{"encoder_id":"{encoder_id}","evaluation":{self.evaluation}}}')
        return Trial(trial_id, encoder_id, cell, seed, teacher=teacher)

    def _encoder_id(self, seed: int, before: Any = None) -> str:
        weights = f',"weights_digest":{self.weights_digest}' if self.weights_digest else ""
        teacher = f',"teacher":"{self._teacher_id(seed)}"' if self.teacher else ""
        digest = (before or self.hash_before_seed()).copy()
        digest.update(f'{int(seed)}{teacher},"training":{self.training}{weights}}}'.encode())
        return digest.hexdigest()[:DIGITS]

    def _teacher_id(self, seed: int) -> str:
        """The id of the encoder that is learned from: that of the same seed, or one trial's."""
        return self.teacher._encoder_id(seed) if isinstance(self.teacher, _Identity) else str(self.teacher)


class _Identities:
    """Identities of cells; a section that cells share is brought into canonical form once."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        self._digests = digests
        self._sections: dict[tuple[str, int], tuple[Any, Any]] = {}

    def of(self, cell: Cell) -> _Identity:
        """The identity of a cell. Raises KeyError where a digest is missing."""
        recipe = cell.recipe
        data, data_digest = self._once("data", recipe.data, self._data)
        encoder, weights_digest = self._once("encoder", recipe.encoder, self._encoder)
        method = self._once("method", recipe.method, self._method)
        training = self._once("training", recipe.training, _training_json)
        evaluation = self._once("evaluation", recipe.evaluation, self._evaluation)
        teacher = self._teacher(cell.teacher)
        return _Identity(data, data_digest, encoder, method, training, weights_digest, evaluation, teacher)

    def _teacher(self, teacher: Cell | FinishedTrial | None) -> _Identity | str | None:
        if isinstance(teacher, Cell):
            return self.of(teacher)
        return None if teacher is None else self._digests[finished_key(teacher)]

    def _once(self, name: str, section: S, form: Callable[[S], F]) -> F:
        key = (name, id(section))
        if key not in self._sections:
            self._sections[key] = (section, form(section))  # the section too, so that no other gets its id
        return self._sections[key][1]

    def _data(self, data: ResolvedComponent) -> tuple[str, str]:
        text = canonical_json(data.as_dict())
        return _component_json("datasets", text), canonical_json(self._digests[text])

    def _encoder(self, encoder: ResolvedComponent) -> tuple[str, str | None]:
        weights = weights_key(encoder)
        digest = canonical_json(self._digests[weights]) if weights else None
        return _component_json("encoders", canonical_json(encoder.as_dict())), digest

    def _method(self, method: ResolvedComponent) -> str:
        return _component_json("methods", canonical_json(method.as_dict()))

    def _evaluation(self, evaluation: tuple[ResolvedComponent, ...]) -> str:
        protocols = {}
        for protocol in evaluation:
            digests = [self._digests[canonical_json(one.as_dict())] for one in _nested_data(protocol)]
            form = json.loads(_component_json("protocols", canonical_json(protocol.as_dict())))
            protocols[original("protocols", protocol.name)] = form | ({"data_digests": digests} if digests else {})
        return canonical_json(protocols)


def _in_words(teacher: Cell | FinishedTrial, seed: int) -> str:
    return f"cell {teacher.label!r}, seed {seed}" if isinstance(teacher, Cell) else f"trial {teacher.id}"


@cache
def _component_json(kind: str, component: str) -> str:
    return canonical_json(canonical_component(kind, json.loads(component)))


def _training_json(training: Training) -> str:
    return canonical_json(canonical(training))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


@cache
def outside_identity(kind: str, name: str) -> frozenset[str]:
    """The parameters of a plug-in that no id depends on; none of one that is not installed."""
    try:
        fields = catalog.config(kind, name).model_fields
    except UserError:
        return frozenset()
    return frozenset(key for key, field in fields.items() if _outside(field))


def _outside(field: FieldInfo) -> bool:
    return any(_is_mark(mark, NotHashed) for mark in field.metadata)


def _is_mark(mark: Any, of: type) -> bool:
    """Whether a field's metadata is a mark, given as the class or as an instance."""
    return isinstance(mark, of) or (isinstance(mark, type) and issubclass(mark, of))


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
