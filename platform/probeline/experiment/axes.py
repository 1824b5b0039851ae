"""Axes of an experiment at its scale: their values, and the labels of these."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from probeline.experiment.override import Override, by_depth
from probeline.experiment.problems import Path, Problem, is_full, listing, shown, unknown
from probeline.experiment.recipe import unknown_key
from probeline.experiment.schema import KINDS_OF_SECTIONS, Experiment

AxisValues = list | dict


@dataclass(frozen=True)
class Choice:
    """One value of an axis; `coordinate` is the scalar or the component's label, `label` its part of a cell's label."""

    override: Override
    coordinate: Any
    label: str


@dataclass(frozen=True)
class AxisGroup:
    """Axes walked together: `keys`, and the steps, each with one choice a key. A grid axis is a group of one."""

    keys: tuple[str, ...]
    steps: list[tuple[Choice, ...]]


@dataclass(frozen=True)
class WhenRule:
    """A `when`: its path in the file, what must match, what it overrides, and the axes that it adds."""

    at: Path
    condition: Mapping[str, Any]
    overrides: list[Override]
    groups: list[AxisGroup]


@dataclass
class AxisLayout:
    """Everything that expansion needs; `late` overrides win over axes and `when`."""

    base: list[Override] = field(default_factory=list)
    late: list[Override] = field(default_factory=list)
    groups: list[AxisGroup] = field(default_factory=list)
    rules: list[WhenRule] = field(default_factory=list)
    arms: dict[str, list[Override]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def layout(experiment: Experiment) -> AxisLayout:
    """The experiment's axes, rules and arms with its scale and `--set` applied; mistakes in `problems`."""
    return _Builder(experiment).layout()


class _Builder:
    """Reads one experiment; `pins` are the overrides that leave an axis one value."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.source = experiment, experiment.source
        self.problems: list[Problem] = []
        self.keys = experiment.axes
        self.short = _short_names(self.keys)
        self.values = experiment.values_by_axis
        self.scale = experiment.scales.get(experiment.scale or "")
        self.replaced = self.scale.grid if self.scale else {}
        self.sets = self._sets()
        self.pins = {override.key: override for override in self.sets}

    def layout(self) -> AxisLayout:
        experiment = self.experiment
        groups = [self._group({key: values}, ("grid",)) for key, values in experiment.grid.items()]
        groups += [self._group(zipped, ("zip", index)) for index, zipped in enumerate(experiment.zip)]
        rules = [self._rule(index) for index in range(len(experiment.when))]
        arms = {name: by_depth(self._overrides(arm, ("arms", name))) for name, arm in experiment.arms.items()}
        self._check_keys()
        return AxisLayout(
            base=[*self._base(), *by_depth(self.sets)],
            late=by_depth(self._late(rules)),
            groups=[group for group in groups if group.steps],
            rules=rules,
            arms=arms,
            problems=self.problems,
        )

    def _base(self) -> list[Override]:
        base = self.experiment.base
        written = {key: getattr(base, key) for key in base.model_fields_set if getattr(base, key) is not None}
        return self._overrides({"evaluation": base.evaluation} | written, ("base",))

    def _sets(self) -> list[Override]:
        of_scale = self._overrides(self.scale.set, ("scales", self.experiment.scale or "", "set")) if self.scale else []
        return [self._unlabelled(override) for override in (*of_scale, *self.experiment.sets) if self._known(override)]

    def _unlabelled(self, override: Override) -> Override:
        """An axis with labels is pinned by a label too."""
        values = self.values.get(override.key)
        if isinstance(values, dict) and isinstance(override.value, str) and override.value in values:
            return Override(override.key, values[override.value], override.at, override.text)
        return override

    def _late(self, rules: list[WhenRule]) -> list[Override]:
        """Sets, but for the components whose parameters an axis or a rule chooses."""
        chosen = [*self.keys, *(override.key for rule in rules for override in rule.overrides)]
        above = {key[:at] for key in chosen for at, letter in enumerate(key) if letter == "."}
        return [override for override in self.sets if override.key not in above]

    def _overrides(self, values: Mapping[str, Any], at: Path) -> list[Override]:
        overrides = (Override(key, value, (*at, key)) for key, value in values.items())
        return [override for override in overrides if self._known(override)]

    def _known(self, override: Override) -> bool:
        if is_full(self.problems):
            return False
        problem = unknown_key(override, self.source)
        self.problems += [problem] if problem else []
        return problem is None

    def _rule(self, index: int) -> WhenRule:
        rule, at = self.experiment.when[index], ("when", index)
        if not rule.set and not rule.grid:
            self.problems.append(self.source.problem(at, "does nothing; give it `set` or `grid`"))
        groups = [self._group({key: values}, (*at, "grid")) for key, values in rule.grid.items()]
        overrides = by_depth(self._overrides(rule.set, (*at, "set")))
        return WhenRule(at, rule.if_, overrides, [group for group in groups if group.steps])

    def _group(self, axes: Mapping[str, AxisValues], at: Path) -> AxisGroup:
        """Axes walked together; no steps where something is wrong with them."""
        columns = {key: self._choices(key, values, at) for key, values in axes.items()}
        lengths = {key: len(choices) for key, choices in columns.items()}
        if len(set(lengths.values())) > 1:
            listed = listing([f"{key} has {length}" for key, length in lengths.items()])
            message = f"unequal lengths: {listed}; axes of one zip are walked together"
            self.problems.append(self.source.problem(at, message))
            return AxisGroup(tuple(axes), [])
        steps = list(zip(*columns.values(), strict=True))
        if all(key in self.pins for key in axes):
            steps = steps[:1]
        return AxisGroup(tuple(axes), steps)

    def _choices(self, key: str, values: AxisValues, at: Path) -> list[Choice]:
        if key in self.replaced:
            values, at = self.replaced[key], ("scales", self.experiment.scale or "", "grid")
        if not values:
            self.problems.append(self.source.problem((*at, key), "no values; give at least one, or leave the axis out"))
            return []
        if not self._known(Override(key, None, (*at, key))):
            return []
        items = list(values.items()) if isinstance(values, dict) else list(enumerate(values))
        overrides = [Override(key, value, (*at, key, name)) for name, value in items]
        labels = [name if isinstance(name, str) else None for name, _ in items]
        if key in self.pins:
            pin = self.pins[key]
            labels = [next((name for name, value in items if value is pin.value and isinstance(name, str)), None)]
            overrides, labels = [pin] * len(items), labels * len(items)
        return _named(key, overrides, labels, self.short[key])

    def _check_keys(self) -> None:
        sections: list[tuple[Path, Mapping[str, AxisValues]]] = [(("grid",), self.experiment.grid)]
        sections += [(("zip", index), zipped) for index, zipped in enumerate(self.experiment.zip)]
        seen: set[str] = set()
        for at, axes in sections:
            for key in axes:
                if key in seen:
                    self.problems.append(self.source.problem((*at, key), "is an axis already; keep one"))
                seen.add(key)
        of_scale: Path = ("scales", self.experiment.scale or "", "grid")
        for key in self.replaced:
            if key not in self.values and not is_full(self.problems):
                self.problems.append(self.source.problem((*of_scale, key), unknown(key, self.keys)))


def _named(key: str, overrides: list[Override], given: Iterable[str | None], short: str) -> list[Choice]:
    """Choices with labels: the file's own, a scalar's text, a component's name, with parameters where it repeats."""
    is_component = key in KINDS_OF_SECTIONS
    plain = [_component_name(override.value) for override in overrides]
    uses = Counter(plain)
    choices = []
    for override, label, name in zip(overrides, given, plain, strict=True):
        value = override.value
        scalar = not isinstance(value, dict | list)
        text = label or (str(value) if isinstance(value, str) else json.dumps(value) if scalar else None)
        if text is None:
            text = name if name and uses[name] == 1 else _described(value)
        coordinate = value if scalar and not label else text
        choices.append(Choice(override, coordinate, text if is_component else f"{short}={text}"))
    return choices


def _component_name(value: Any) -> str | None:
    name = value.get("name") if isinstance(value, dict) else value
    return name if isinstance(name, str) else None


def _described(value: Any) -> str:
    """`simclr(temperature=0.2)`, `(strength=0.5)`, `[linear_probe, knn]`."""
    if isinstance(value, list):
        return f"[{', '.join(map(_described, value))}]"
    if not isinstance(value, dict):
        return value if isinstance(value, str) else shown(value)
    inside = ", ".join(f"{key}={_described(item)}" for key, item in value.items() if key != "name")
    return f"{_component_name(value) or ''}({inside})" if inside else _component_name(value) or "{}"


def _short_names(keys: Iterable[str]) -> dict[str, str]:
    """Key -> the fewest last words of it that no other key ends with."""
    keys = dict.fromkeys(keys)
    uses = Counter(tail for key in keys for tail in _tails(key))
    return {key: next((tail for tail in _tails(key) if uses[tail] == 1), key) for key in keys}


def _tails(key: str) -> list[str]:
    """The last word of a key, its last two words, ..."""
    words = key.split(".")
    return [".".join(words[at:]) for at in range(len(words) - 1, -1, -1)]


def steps_of(groups: list[AxisGroup]) -> Iterable[tuple[Choice, ...]]:
    """Every combination of the groups' steps, the last fastest."""
    return (tuple(itertools.chain.from_iterable(steps)) for steps in itertools.product(*(g.steps for g in groups)))
