"""The base of every settings class: frozen, no unknown keys, and a mark for what identity leaves out."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from probeline.core.sample_spec import SampleSpec


class Settings(BaseModel):
    """Base of recipe sections and plug-in `Config`s.

    Frozen; an unknown key is an error; NaN and infinity are refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")

    def without_effect(self, sample: SampleSpec) -> dict[str, str]:
        """Own parameters that change nothing on such samples, or beside the other ones; `plan` notes them.

        Returns:
            Parameter -> what is wrong with it, to be read after its name and value: `has no effect: ...`. Of a
            component that does nothing at all, `{"": ...}`.
        """
        return {}

    def layer_count(self) -> int | None:
        """How many layers an encoder with these parameters gives; None: unknown before it is built."""
        return None


class NotHashed:
    """Marks a field that never decides a trial's numbers, such as a path.

    Written `path: Annotated[str, NotHashed]`. What the path holds enters the id by its content digest.
    """


class HashedByContent(NotHashed):
    """Marks an encoder's path, of a file or a folder, whose content's digest is part of the id in place of the path.

    Written `path: Annotated[str, HashedByContent]`.
    """


@dataclass(frozen=True)
class Component:
    """Marks a field that holds a plug-in of another kind, or a list of them, each `{name: ..., parameters}`.

    Written `loss: Annotated[dict[str, Any], Component("losses")] = {"name": "nt_xent"}`; the plug-in's parameters are
    checked and filled in like a section's own.
    """

    kind: str


@dataclass(frozen=True)
class NameOf:
    """Marks a field that holds the name of a label or a list of the data, or several: `None` is the main one.

    Written `label: Annotated[str | None, NameOf("labels")] = None`; `what` is labels, pairs, episodes or segments. A
    name that the data set does not declare is refused while loading.
    """

    what: str


@cache
def components(config: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """(field, kind) for every field of `config` that holds components."""
    marks = ((name, mark) for name, field in config.model_fields.items() for mark in field.metadata)
    return tuple((name, mark.kind) for name, mark in marks if isinstance(mark, Component))


def listed(value: Any) -> list[Any]:
    """The components of a field's value: those of a list, or the one there is."""
    return list(value) if isinstance(value, list | tuple) else [value]
