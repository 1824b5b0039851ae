"""A component of a recipe as far as kinds of samples are concerned: what it declares, and the components in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probeline.core.declaration import Declaration
from probeline.core.settings import NameOf, components, listed
from probeline.errors import UserError
from probeline.experiment.default_views import presets
from probeline.experiment.problems import Path
from probeline.experiment.schema import KINDS_OF_SECTIONS
from probeline.plugins import catalog, declarations

UNDECLARED = Declaration()


@dataclass(frozen=True)
class Part:
    """A component at `path` of its recipe.

    Args:
        inner: The augmentations and data sets that it names, deeper ones last.
        presets: Fields whose augmentation is given by parameters of images.
        names: Names of the data's labels and lists among its parameters: (path, what they name, name).
        broken: What is wrong with its declaration, '' for nothing.
    """

    kind: str
    name: str
    path: Path
    declared: Declaration = UNDECLARED
    inner: tuple["Part", ...] = ()
    presets: tuple[str, ...] = ()
    names: tuple[tuple[Path, str, str], ...] = ()
    broken: str = ""

    @property
    def at(self) -> Path:
        """The path of its name."""
        return (*self.path, "name") if len(self.path) == 1 else self.path


def part(section: str, component: Mapping[str, Any]) -> Part:
    """The part of a recipe's section: its component, or one protocol of `evaluation`."""
    path = (section, component["name"]) if section == "evaluation" else (section,)
    return _part(KINDS_OF_SECTIONS.get(section, "protocols"), component, path)


def _part(kind: str, component: Mapping[str, Any], path: Path) -> Part:
    name = component["name"]
    try:
        return Part(
            kind,
            name,
            path,
            declarations.declaration(kind, component),
            tuple(_inner(kind, component, path)),
            tuple(presets(kind, component)),
            tuple(_names(kind, component, path)),
        )
    except UserError as error:
        return Part(kind, name, path, broken=str(error))


def _inner(kind: str, component: Mapping[str, Any], path: Path) -> list[Part]:
    """Those of a kind that declares something; a mapping without a name is settings, not a component."""
    inner: list[Part] = []
    for field, of_kind in components(catalog.config(kind, component["name"])):
        several = isinstance(component.get(field), list | tuple)
        for index, one in enumerate(listed(component.get(field))):
            if isinstance(one, Mapping) and "name" in one and of_kind in declarations.DEFAULTS:
                at: Path = (*path, field, index) if several else (*path, field)
                inner.append(_part(of_kind, one, at))
    return inner


def _names(kind: str, component: Mapping[str, Any], path: Path) -> list[tuple[Path, str, str]]:
    """Fields marked `NameOf` that name something."""
    fields = catalog.config(kind, component["name"]).model_fields.items()
    marks = [(name, mark.what) for name, field in fields for mark in field.metadata if isinstance(mark, NameOf)]
    return [
        ((*path, name), what, value)
        for name, what in marks
        for value in listed(component.get(name))
        if isinstance(value, str)
    ]
