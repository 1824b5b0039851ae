"""Trial ids: the hash of the canonical JSON of all that decides a trial's numbers."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from probeline.core.settings import HashedByContent, components, listed
from probeline.experiment.canonical import canonical, canonical_component, canonical_json, is_marked
from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe
from probeline.experiment.schema import Training
from probeline.experiment.trial import Cell, FinishedTrial, Teacher, Trial
from probeline.plugins import catalog
from probeline.plugins.locations import original

FORMAT = 1
DIGITS = 16
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
    marked = [name for name, field in fields if is_marked(field, HashedByContent)]
    paths = (encoder.parameters.get(name) for name in ("weights", *marked))
    return next((path for path in paths if path is not None), None)


def weights_key(encoder: ResolvedComponent) -> str | None:
    """The key under which `digests` holds the digest of an encoder's `weights_path`; None where it has none."""
    path = weights_path(encoder)
    return None if path is None else f"weights:{canonical_json(path)}"


def finished_key(teacher: FinishedTrial) -> str:
    """The key under which `digests` holds the encoder id of a finished trial that a cell learns from."""
    return f"trial:{teacher.id}"


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
        encoder_id, of = self._encoder_id(seed, before), cell.teacher
        teacher = None if of is None else Teacher(self._teacher_id(seed), _in_words(of, seed))
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
