"""Resolved recipes from overrides laid over each other, each value with the line of the file that it is from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Any

from probeline.errors import UserError
from probeline.experiment.components import resolve_section
from probeline.experiment.default_views import modality_of, with_default_views
from probeline.experiment.draft import Draft
from probeline.experiment.override import Override
from probeline.experiment.problems import Path, Problem, is_full, nearest
from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe, evaluation_of
from probeline.experiment.schema import KINDS_OF_SECTIONS, SECTIONS, Training
from probeline.experiment.yaml_source import SpecSource
from probeline.plugins import catalog


def common_keys() -> list[str]:
    """Dotted keys that are allowed whatever the components."""
    return [*SECTIONS, *(f"training.{name}" for name in Training.model_fields)]


def unknown_key(override: Override, source: SpecSource) -> Problem | None:
    """What is wrong with a key whose first word is no section, or None."""
    if override.section in SECTIONS:
        return None
    near = nearest(override.key, _candidates(override.key))
    hint = f"did you mean {near!r}?" if near else f"allowed: {', '.join(SECTIONS)}, and keys in them"
    return override.problem(source, (), f"unknown; {hint}")


def _candidates(key: str) -> list[str]:
    candidates = common_keys()
    for section, kind in KINDS_OF_SECTIONS.items():
        for name in catalog.names(kind):
            try:
                parameters = catalog.axes(kind, name)
            except UserError:
                continue  # a broken plug-in is reported where it is used
            prefix = f"{section}.{name}" if section == "evaluation" else section
            candidates += [f"{prefix}.{parameter}" for parameter in parameters]
    # `batch_size` should find `training.batch_size` before anything that merely looks alike.
    tails = [candidate for candidate in candidates if candidate.rpartition(".")[2] == key]
    return list(dict.fromkeys(tails)) or (list(dict.fromkeys(candidates)) if "." in key else common_keys())


@dataclass
class Recipes:
    """Builds resolved recipes from overrides, each distinct section once; `problems` gathers what is wrong."""

    source: SpecSource
    problems: dict[Problem, None] = field(default_factory=dict)
    _sections: dict[tuple[Override | str, ...], "RecipeSection"] = field(default_factory=dict)
    _started: dict[str, "Started"] = field(default_factory=dict)

    def build(self, overrides: Sequence[Override]) -> ResolvedRecipe | None:
        """The resolved recipe, or None where a section is wrong: then `problems` says what."""
        if is_full(self.problems):
            return None
        data, encoder, method, training, evaluation = sections = [
            self.section(name, laid) for name, laid in by_section(overrides).items()
        ]
        wrong = [section for section in sections if section.value is None]
        for section in wrong:
            self.problems.update(dict.fromkeys(section.problems))
        if wrong:
            return None
        on = data.modality
        return ResolvedRecipe(
            data.component, encoder.component, method.component_on(on), training.training, evaluation.protocols_on(on)
        )

    def peek(self, overrides: Sequence[Override], sections: Collection[str] = SECTIONS) -> dict[str, Any]:
        """Those of these sections that are right so far, reporting nothing."""
        laid = by_section(overrides)
        values = ((name, self.section(name, laid[name]).value) for name in sections if name in laid)
        return {name: value for name, value in values if value is not None}

    def problem(self, overrides: Sequence[Override], key: str, message: str) -> Problem:
        """A mistake in the value of `key` of a recipe that is built, at the line that wrote it."""
        return self.problem_at(overrides, tuple(key.split(".")), message)

    def problem_at(self, overrides: Sequence[Override], path: Path, message: str) -> Problem:
        """The same by the path in the recipe, in which a protocol's name is one part."""
        section, *below = path
        return self._draft(str(section), by_section(overrides)[str(section)]).problem(tuple(below), message)

    def section(self, name: str, laid: tuple[Override, ...]) -> "RecipeSection":
        """A resolved section from the overrides for it, in order."""
        key: tuple[Override | str, ...] = laid or (name,)
        if key not in self._sections:
            draft = self._draft(name, laid)
            resolved = resolve_section(name, draft.value)
            problems = draft.problems or [draft.problem(path, message) for path, message in resolved.complaints]
            self._sections[key] = RecipeSection(None if problems else resolved.value, tuple(problems))
        return self._sections[key]

    def _draft(self, name: str, laid: tuple[Override, ...]) -> Draft:
        """The overrides laid over each other; what they share with the last ones is laid once."""
        started = self._started.get(name) or Started((), 0, Draft(name, self.source))
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(started.laid, laid, strict=False)))
        if started.length > alike:
            started = Started((), 0, Draft(name, self.source))
        draft = started.draft.fork()
        for override in laid[started.length : alike]:
            draft.lay(override)
        self._started[name] = Started(laid, alike, draft)
        draft = draft.fork()
        for override in laid[alike:]:
            draft.lay(override)
        return draft


@dataclass(frozen=True)
class Started:
    """The last overrides of a section, and the draft of the first `length` of them."""

    laid: tuple[Override, ...]
    length: int
    draft: Draft


@dataclass(frozen=True)
class RecipeSection:
    """One section of a recipe, resolved; `value` is its JSON, None where there are problems.

    `component`, `training` and `protocols`: what it is in a recipe, made once; only of a section without problems.
    `component_on` and `protocols_on`: on data of a modality, whose default augmentation they have.
    """

    value: dict[str, Any] | None
    problems: tuple[Problem, ...]
    _on: dict[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def component(self) -> ResolvedComponent:
        return ResolvedComponent.from_dict(self.value or {})

    @cached_property
    def modality(self) -> str:
        return modality_of(self.component)

    def component_on(self, modality: str) -> ResolvedComponent:
        if modality not in self._on:
            self._on[modality] = with_default_views("methods", self.component, modality)
        return self._on[modality]

    def protocols_on(self, modality: str) -> tuple[ResolvedComponent, ...]:
        if modality not in self._on:
            self._on[modality] = tuple(with_default_views("protocols", each, modality) for each in self.protocols)
        return self._on[modality]

    @cached_property
    def training(self) -> Training:
        return Training.model_validate(self.value)

    @cached_property
    def protocols(self) -> tuple[ResolvedComponent, ...]:
        return evaluation_of(self.value or {})


def by_section(overrides: Sequence[Override]) -> dict[str, tuple[Override, ...]]:
    """The overrides for each section of a recipe, in order."""
    laid: dict[str, list[Override]] = {name: [] for name in SECTIONS}
    for override in overrides:
        laid[override.section].append(override)
    return {name: tuple(each) for name, each in laid.items()}
