"""A trial's recipe with every default filled in: components by name, their parameters, the training settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from probeline.experiment.schema import Training


@dataclass(frozen=True)
class ResolvedComponent:
    """A plug-in by its name, with all its parameters as JSON-able values; shared between cells, so never changed."""

    name: str
    parameters: Mapping[str, Any]

    @classmethod
    def from_dict(cls, component: Mapping[str, Any]) -> "ResolvedComponent":
        """The component of `{name: ..., parameters}`, in which every parameter is given."""
        return cls(component["name"], {key: value for key, value in component.items() if key != "name"})

    def as_dict(self) -> dict[str, Any]:
        """`{name: ..., parameters}`, one object however often it is asked for: what plug-ins are built from."""
        return self._dict

    @cached_property
    def _dict(self) -> dict[str, Any]:
        return {"name": self.name, **self.parameters}


@dataclass(frozen=True)
class ResolvedRecipe:
    """Everything that decides a trial's numbers, its seed aside.

    Cells share sections: two recipes with equal ones usually hold the same objects. `evaluation` has one component a
    protocol, in order, each name once.
    """

    data: ResolvedComponent
    encoder: ResolvedComponent
    method: ResolvedComponent
    training: Training
    evaluation: tuple[ResolvedComponent, ...]

    @property
    def protocols(self) -> tuple[str, ...]:
        """The names of the protocols, in order."""
        return tuple(protocol.name for protocol in self.evaluation)

    def protocol(self, name: str) -> ResolvedComponent:
        """One of the protocols. Raises KeyError."""
        for protocol in self.evaluation:
            if protocol.name == name:
                return protocol
        raise KeyError(name)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as JSON, one object however often it is asked for: for stores, tables and dotted keys."""
        return self._dict

    @cached_property
    def _dict(self) -> dict[str, Any]:
        return {
            "data": self.data.as_dict(),
            "encoder": self.encoder.as_dict(),
            "method": self.method.as_dict(),
            "training": self.training.model_dump(mode="json"),
            "evaluation": {protocol.name: protocol.parameters for protocol in self.evaluation},
        }


def evaluation_of(section: Mapping[str, Mapping[str, Any]]) -> tuple[ResolvedComponent, ...]:
    """The protocols of an evaluation section, `{name: parameters}`."""
    return tuple(ResolvedComponent(name, parameters) for name, parameters in section.items())


def from_dict(stored: Mapping[str, Any]) -> ResolvedRecipe:
    """A recipe as `as_dict` gave it, and artifacts hold it. Raises KeyError, pydantic.ValidationError."""
    data, encoder, method = (ResolvedComponent.from_dict(stored[name]) for name in ("data", "encoder", "method"))
    training = Training.model_validate_json(json.dumps(stored["training"]))
    return ResolvedRecipe(data, encoder, method, training, evaluation_of(stored["evaluation"]))
