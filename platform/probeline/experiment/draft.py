"""One section of a recipe while overrides are laid over it, each value with what wrote it."""

from dataclasses import dataclass
from typing import Any

from probeline.experiment.override import Override
from probeline.experiment.problems import Path, Problem, shown, unknown
from probeline.experiment.yaml_source import SpecSource
from probeline.plugins.locations import current


@dataclass(frozen=True)
class Origin:
    """What wrote a value: an override, the path below its value, and how many writes came before."""

    order: int
    override: Override
    below: Path


class Draft:
    """One section while overrides are laid over it.

    `value` may share parts with the overrides and with other drafts: a part is copied before it is first changed.
    """

    def __init__(self, section: str, source: SpecSource) -> None:
        self.section, self.source = section, source
        self.value: dict[str, Any] = {}
        self.origins: dict[Path, Origin] = {}
        self.problems: list[Problem] = []
        self._own: dict[int, dict | list] = {}
        self._writes = 0

    def fork(self) -> "Draft":
        """A draft that goes on from here and leaves this one as it is."""
        fork = Draft(self.section, self.source)
        fork.value, fork.origins, fork.problems = self.value, dict(self.origins), list(self.problems)
        fork._writes = self._writes
        self._own.clear()
        return fork

    def lay(self, override: Override) -> None:
        """Lays one override over what there is."""
        path: Path | None = override.path[1:]
        if self.section == "evaluation" and path:
            path = self._protocol(override, path)
        if path is None:
            return
        if self.section == "evaluation" and len(path) == 1:
            self._add_protocol(str(path[0]), override.value, override, ())
        elif path:
            self._put(path, override.value, override, ())
        elif self.section == "evaluation":
            self._evaluation(override)
        else:
            self._component(override)

    def problem(self, path: Path, message: str) -> Problem:
        """A mistake at `path` of the section, at the line that wrote that part."""
        length, origin = self.origin(path)
        if origin is None:
            return self.source.problem(("base", self.section, *path), message)
        return origin.override.problem(self.source, (*origin.below, *path[length:]), message)

    def origin(self, path: Path) -> tuple[int, Origin | None]:
        """What wrote the part at `path`, and how many words of the path it wrote; of a default (0, None).

        A deeper write counts only where it came after the shallower ones, which replace all that was below them.
        """
        written, last = 0, None
        for length in range(len(path) + 1):
            origin = self.origins.get(path[:length])
            if origin is not None and (last is None or origin.order > last.order):
                written, last = length, origin
        return written, last

    def _write(self, path: Path, override: Override, below: Path) -> None:
        self.origins[path] = Origin(self._writes, override, below)
        self._writes += 1

    def _component(self, override: Override) -> None:
        value = override.value
        if isinstance(value, str) and self.section != "training":
            self._replace({"name": value}, override)
            self._write(("name",), override, ())
        elif isinstance(value, dict) and "name" in value and self.section != "training":
            self._replace(value, override)
        elif isinstance(value, dict):
            self._merge((), value, override, ())
        else:
            allowed = "a mapping" if self.section == "training" else "a name, or a mapping with a name"
            self.problems.append(override.problem(self.source, (), f"got {shown(value)}; allowed: {allowed}"))

    def _replace(self, value: dict[str, Any], override: Override) -> None:
        self.value, self.origins = value, {}
        self._write((), override, ())

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
            elif current("protocols", name) in self.value:
                self.problems.append(override.problem(self.source, below, f"{shown(name)} is given twice; keep one"))
            else:
                self._add_protocol(name, parameters, override, below)

    def _add_protocol(self, name: str, parameters: Any, override: Override, below: Path) -> None:
        name, parameters = current("protocols", name), {} if parameters is None else parameters
        if not isinstance(parameters, dict):
            message = f"got {shown(parameters)}; allowed: a mapping of parameters"
            self.problems.append(override.problem(self.source, below, message))
        else:
            if (name,) not in self.origins:
                self._write((name,), override, below)
            if name not in self.value:
                self._changeable(())[name] = {}
            self._merge((name,), parameters, override, below)

    def _protocol(self, override: Override, path: Path) -> Path | None:
        """`path` with its protocol's name in one part, which may hold dots; None where it is not in evaluation."""
        for length in range(len(path), 0, -1):
            name = current("protocols", ".".join(map(str, path[:length])))
            if name in self.value:
                return (name, *path[length:])
        self.problems.append(override.problem(self.source, (), unknown(str(path[0]), list(self.value))))
        return None

    def _put(self, path: Path, value: Any, override: Override, below: Path) -> None:
        try:
            path = _by_index(self.value, path)
        except LookupError as error:
            self.problems.append(override.problem(self.source, below, str(error)))
            return
        parent, last = self._changeable(path[:-1]), path[-1]
        under = parent[int(last)] if isinstance(parent, list) else parent.get(last)
        if isinstance(value, dict) and "name" not in value and isinstance(under, str) and value:
            under = parent[last] = {"name": under}  # parameters for a component that was named alone
        if isinstance(value, dict) and "name" not in value and isinstance(under, dict):
            self._merge(path, value, override, below)
            return
        parent[last] = value
        self._write(path, override, below)

    def _changeable(self, path: Path) -> Any:
        """The part at `path`, it and those around it copied unless they are this draft's own."""
        part: Any = self._owned(self.value)
        self.value = part
        for key in path:
            inner = part[int(key)] if isinstance(part, list) else part.get(key)
            inner = {"name": inner} if isinstance(inner, str) else inner
            part[key] = self._owned(inner if isinstance(inner, dict | list) else {})
            part = part[key]
        return part

    def _owned(self, part: dict | list) -> dict | list:
        if id(part) not in self._own:
            part = part.copy()
            self._own[id(part)] = part
        return part

    def _merge(self, path: Path, value: dict[str, Any], override: Override, below: Path) -> None:
        for key, item in value.items():
            self._put((*path, key), item, override, (*below, key))


def _by_index(value: Any, path: Path) -> Path:
    """`path` with the indices in lists that it names: `augment.blur.p` is the p of the one operation called blur.

    Raises LookupError where a list holds none of that name, or several.
    """
    indexed: Path = ()
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
        indexed = (*indexed, part)
    return indexed
