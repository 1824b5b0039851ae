"""Overrides laid over each other -> resolved recipes, remembering which line of the file said what."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from probeline.errors import UserError
from probeline.experiment.components import resolve_section
from probeline.experiment.override import Override
from probeline.experiment.problems import Path, Problem, nearest, shown, unknown
from probeline.experiment.schema import KINDS_OF_SECTIONS, SECTIONS, Training
from probeline.experiment.yaml_source import SpecSource
from probeline.plugins import catalog


def known_keys() -> list[str]:
    """Dotted keys that can be told without knowing the components."""
    return [*SECTIONS, *(f"training.{name}" for name in Training.model_fields)]


def unknown_key(override: Override, source: SpecSource) -> Problem | None:
    """What is wrong with a key whose first word is no section, or None."""
    if override.section in SECTIONS:
        return None
    near = nearest(override.key, _candidates(override.key))
    hint = f"did you mean {near!r}?" if near else f"allowed: {', '.join(SECTIONS)}, and keys in them"
    return override.problem(source, (), f"unknown; {hint}")


def _candidates(key: str) -> list[str]:
    candidates = known_keys()
    for section, kind in KINDS_OF_SECTIONS.items():
        for name in catalog.names(kind):
            try:
                parameters = catalog.axes(kind, name)
            except UserError:
                continue  # a broken plug-in is told of where it is used
            prefix = f"{section}.{name}" if section == "evaluation" else section
            candidates += [f"{prefix}.{parameter}" for parameter in parameters]
    # `batch_size` should find `training.batch_size` before anything that merely looks alike.
    tails = [candidate for candidate in candidates if candidate.rpartition(".")[2] == key]
    return list(dict.fromkeys(tails)) or (list(dict.fromkeys(candidates)) if "." in key else known_keys())


class Draft:
    """One section while overrides are laid over it."""

    def __init__(self, section: str, source: SpecSource):
        self.section, self.source = section, source
        self.value: dict[str, Any] = {}
        self.origins: dict[Path, tuple[Override, Path]] = {}
        self.problems: list[Problem] = []

    def lay(self, override: Override) -> None:
        """Lays one override over what there is."""
        path = override.path[1:]
        if self.section == "evaluation" and path:
            path = self._protocol(override, path)
        if path is None:
            return
        if self.section == "evaluation" and len(path) == 1:
            self._add_protocol(path[0], override.value, override, ())
        elif path:
            self._put(path, override.value, override, ())
        elif self.section == "evaluation":
            self._evaluation(override)
        else:
            self._component(override)

    def problem(self, path: Path, message: str) -> Problem:
        """A mistake at `path` of the section, told where that part was written."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.origins:
                override, below = self.origins[path[:length]]
                return override.problem(self.source, (*below, *path[length:]), message)
        return self.source.problem(("base", self.section, *path), message)

    def _component(self, override: Override) -> None:
        value = override.value
        if isinstance(value, str) and self.section != "training":
            self._replace({"name": value}, override)
            self.origins["name",] = (override, ())
        elif isinstance(value, dict) and "name" in value and self.section != "training":
            self._replace(value, override)
        elif isinstance(value, dict):
            self._merge((), value, override, ())
        else:
            allowed = "a mapping" if self.section == "training" else "a name, or a mapping with a name"
            self.problems.append(override.problem(self.source, (), f"got {shown(value)}; allowed: {allowed}"))

    def _replace(self, value: dict[str, Any], override: Override) -> None:
        self.value, self.origins = dict(value), {(): (override, ())}

    def _evaluation(self, override: Override) -> None:
        value = override.value
        if isinstance(value, dict) and "name" not in value:
            for name, parameters in value.items():
                self._add_protocol(name, parameters, override, (name,))
            return
        self._replace({}, override)
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            below = (index,) if isinstance(value, list) else ()
            parameters = dict(item) if isinstance(item, dict) else {"name": item}
            name = parameters.pop("name", None)
            if not isinstance(name, str):
                message = f"got {shown(item)}; allowed: a name, or a mapping with a name"
                self.problems.append(override.problem(self.source, below, message))
            elif name in self.value:
                self.problems.append(override.problem(self.source, below, f"{shown(name)} is given twice; keep one"))
            else:
                self._add_protocol(name, parameters, override, below)

    def _add_protocol(self, name: str, parameters: Any, override: Override, below: Path) -> None:
        parameters = {} if parameters is None else parameters
        if not isinstance(parameters, dict):
            message = f"got {shown(parameters)}; allowed: a mapping of parameters"
            self.problems.append(override.problem(self.source, below, message))
        else:
            self.origins.setdefault((name,), (override, below))
            self.value.setdefault(name, {})
            self._merge((name,), parameters, override, below)

    def _protocol(self, override: Override, path: Path) -> Path | None:
        """`path` with its protocol's name in one part, which may hold dots; None where it is not in evaluation."""
        for length in range(len(path), 0, -1):
            name = ".".join(path[:length])
            if name in self.value:
                return (name, *path[length:])
        self.problems.append(override.problem(self.source, (), unknown(path[0], list(self.value))))
        return None

    def _put(self, path: Path, value: Any, override: Override, below: Path) -> None:
        try:
            path = _by_index(self.value, path)
        except LookupError as error:
            self.problems.append(override.problem(self.source, below, str(error)))
            return
        self.value = _copied_along(self.value, path[:-1])
        parent = self.value
        for part in path[:-1]:
            parent = parent[part]
        under = parent[path[-1]] if isinstance(parent, list) else parent.get(path[-1])
        if isinstance(value, dict) and "name" not in value and isinstance(under, str) and value:
            under = parent[path[-1]] = {"name": under}  # parameters for a component that was named alone
        if isinstance(value, dict) and "name" not in value and isinstance(under, dict):
            self._merge(path, value, override, below)
            return
        parent[path[-1]] = value
        self.origins = {at: origin for at, origin in self.origins.items() if at[: len(path)] != path}
        self.origins[path] = (override, below)

    def _merge(self, path: Path, value: dict[str, Any], override: Override, below: Path) -> None:
        for key, item in value.items():
            self._put((*path, key), item, override, (*below, key))


def _copied_along(value: dict | list, path: Path) -> Any:
    """A copy of `value`, its mappings and lists along `path` copies too; mappings are made where there are none."""
    copied = value.copy()
    if path:
        inner = copied[path[0]] if isinstance(copied, list) else copied.get(path[0])
        inner = {"name": inner} if isinstance(inner, str) else inner
        copied[path[0]] = _copied_along(inner if isinstance(inner, dict | list) else {}, path[1:])
    return copied


def _by_index(value: Any, path: Path) -> Path:
    """`path` with the places in lists that it names: `augment.blur.p` is the p of the one operation called blur.

    Raises LookupError where a list holds none of that name, or several.
    """
    found: Path = ()
    for part in path:
        if isinstance(value, list) and isinstance(part, str):
            names = [item.get("name") if isinstance(item, dict) else item for item in value]
            if part not in names:
                raise LookupError(unknown(part, [name for name in names if isinstance(name, str)]))
            if names.count(part) > 1:
                raise LookupError(f"unknown which {shown(part)} of {names.count(part)}; give the whole list")
            part = names.index(part)
        within = isinstance(value, list) or (isinstance(value, dict) and part in value)
        value = value[part] if within else None
        found = (*found, part)
    return found


@dataclass
class Recipes:
    """Builds resolved recipes from overrides, each distinct section once; `problems` gathers what is wrong."""

    source: SpecSource
    problems: dict[Problem, None] = field(default_factory=dict)
    _sections: dict[tuple, tuple[dict | None, list[Problem], Draft]] = field(default_factory=dict)

    def build(self, overrides: Sequence[Override]) -> dict[str, Any] | None:
        """The resolved recipe, or None where a section is wrong: then `problems` says what."""
        recipe, right = {}, True
        for section, laid in self._by_section(overrides):
            value, problems, _ = self._section(section, laid)
            if problems:
                self.problems.update(dict.fromkeys(problems))
            recipe[section], right = value, right and value is not None
        return recipe if right else None

    def peek(self, overrides: Sequence[Override]) -> dict[str, Any]:
        """The sections that are right so far, reporting nothing."""
        sections = ((name, self._section(name, laid)[0]) for name, laid in self._by_section(overrides))
        return {name: value for name, value in sections if value is not None}

    def problem(self, overrides: Sequence[Override], key: str, message: str) -> Problem:
        """A mistake found later in the value of `key`, told where these overrides wrote it."""
        section, *path = key.split(".")
        draft = self._section(section, dict(self._by_section(overrides))[section])[2]
        return draft.problem(tuple(path), message)

    def _by_section(self, overrides: Sequence[Override]) -> list[tuple[str, tuple[Override, ...]]]:
        return [(name, tuple([o for o in overrides if o.path[0] == name])) for name in SECTIONS]

    def _section(self, section: str, laid: tuple[Override, ...]) -> tuple[dict | None, list[Problem], Draft]:
        key = (section, laid)
        if key not in self._sections:
            draft = Draft(section, self.source)
            for override in laid:
                draft.lay(override)
            resolved = resolve_section(section, draft.value)
            told = [draft.problem(path, message) for path, message in resolved.complaints]
            problems = draft.problems or told
            self._sections[key] = (None if problems else resolved.value, problems, draft)
        return self._sections[key]
