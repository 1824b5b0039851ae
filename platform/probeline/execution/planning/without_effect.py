"""Parameters that change nothing on these data, or in this training: the settings' own word for it, as notes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from probeline.core.dataset import DatasetInfo
from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import Settings, components, listed
from probeline.experiment.identity import data_key
from probeline.experiment.problems import shown
from probeline.experiment.resolved import ResolvedComponent, ResolvedRecipe
from probeline.experiment.schema import KINDS_OF_SECTIONS, Training
from probeline.experiment.trial import Cell
from probeline.plugins import catalog


@dataclass(frozen=True)
class Idle:
    """A parameter without its effect; `chosen`: not at its default, so that somebody means something by it."""

    key: str
    note: str
    chosen: bool


def without_effect(cells: Sequence[Cell], data: Mapping[str, DatasetInfo]) -> list[str]:
    """A note for each parameter without its effect that is an axis or not at its default, with the cells concerned.

    Args:
        cells: The experiment's.
        data: The info of each data set, by `data_key`.
    """
    samples: dict[int, SampleSpec] = {}
    by_section: dict[tuple[str, int, int], list[Idle]] = {}
    concerned: dict[str, list[str]] = {}
    for cell in cells:
        dataset = id(cell.recipe.data)  # sections are shared between cells
        if dataset not in samples:
            samples[dataset] = data[data_key(cell.recipe)].sample
        for key, section in _sections(cell.recipe):
            at = (key, id(section), dataset)
            if at not in by_section:
                by_section[at] = list(_idle_of(key, section, samples[dataset]))
            for idle in by_section[at]:
                if idle.chosen or idle.key in cell.coordinates:
                    concerned.setdefault(idle.note, []).append(cell.label)
        for note in _untrained(cell):
            concerned.setdefault(note, []).append(cell.label)
    return [f"{_labels(labels)}: {note}" for note, labels in concerned.items()]


def _labels(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return f"{labels[0]!r}{more}"


def _untrained(cell: Cell) -> Iterator[str]:
    """Axes of the training of a cell that trains nothing: its trials differ in their ids alone."""
    method, epochs = cell.recipe.method.name, cell.recipe.training.epochs
    trains = catalog.trains(method)
    if not trains or not epochs:
        reason = f"{method} trains nothing" if not trains else "training.epochs is 0"
        axes = (
            axis
            for axis in cell.coordinates
            if axis.startswith("training.") and (axis != "training.epochs" or not trains)
        )
        yield from (f"{axis} has no effect: {reason}" for axis in axes)


def _sections(recipe: ResolvedRecipe) -> Iterator[tuple[str, ResolvedComponent | Training]]:
    """The parts of a recipe that have settings, by their dotted keys."""
    yield from (("data", recipe.data), ("encoder", recipe.encoder), ("method", recipe.method))
    yield "training", recipe.training
    yield from ((f"evaluation.{protocol.name}", protocol) for protocol in recipe.evaluation)


def _idle_of(key: str, section: ResolvedComponent | Training, sample: SampleSpec) -> Iterator[Idle]:
    if isinstance(section, ResolvedComponent):
        kind = KINDS_OF_SECTIONS[key.partition(".")[0]]
        yield from _idle(_settings(kind, section.as_dict()), key, sample)
    else:
        yield from _idle(section, key, sample)


def _settings(kind: str, component: dict[str, Any]) -> Settings:
    """A component's settings, without importing the plug-in."""
    return catalog.validated(catalog.config(kind, component["name"]), component)


def _idle(settings: Settings, at: str, sample: SampleSpec) -> Iterator[Idle]:
    """What settings, those inside them and the components that they hold say of themselves."""
    for name, reason in settings.without_effect(sample).items():
        key = f"{at}.{name}" if name else at
        value = f", {shown(getattr(settings, name))}," if name else ""
        yield Idle(key, f"{key}{value} {reason}", not name or _differs(settings, name))
    for name in _nesting_fields(type(settings)):
        if isinstance(inner := getattr(settings, name), Settings):
            yield from _idle(inner, f"{at}.{name}", sample)
    for name, kind in components(type(settings)):
        yield from _idle_components(kind, getattr(settings, name), f"{at}.{name}", sample)


def _idle_components(kind: str, value: Any, at: str, sample: SampleSpec) -> Iterator[Idle]:
    several = isinstance(value, list | tuple)
    for index, component in enumerate(listed(value)):
        if isinstance(component, dict):
            settings = _settings(kind, component)
            yield from _idle(settings, f"{at}[{index}]" if several else at, sample)
            sample = _resized(sample, getattr(settings, "size", None)) if kind == "augmentations" else sample


def _resized(sample: SampleSpec, side: int | None) -> SampleSpec:
    """The images that an operation hands to the next one."""
    return replace(sample, shape=(side, side, *sample.shape[2:])) if side else sample


@cache
def _nesting_fields(settings: type[Settings]) -> tuple[str, ...]:
    fields = settings.model_fields.items()
    return tuple(name for name, field in fields if catalog.nested_models(field.annotation))


def _differs(settings: Settings, name: str) -> bool:
    field = type(settings).model_fields[name]
    default = field.get_default(call_default_factory=True, validated_data={})
    return field.is_required() or getattr(settings, name) != default
