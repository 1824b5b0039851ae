"""The augmentation that a component has on its data: a preset of images gives way to the default of other samples."""

from collections.abc import Iterator, Mapping
from typing import Any

from probeline.core.settings import components
from probeline.errors import UserError
from probeline.experiment.components import resolve
from probeline.experiment.resolved import ResolvedComponent
from probeline.plugins import catalog
from probeline.plugins.declarations import declaration
from probeline.plugins.default_views import default_views


def modality_of(data: ResolvedComponent) -> str:
    """What the data set gives; `image` where its declaration is broken, which is reported elsewhere."""
    try:
        (modality,) = declaration("datasets", data.as_dict()).gives
    except UserError:
        return "image"
    return modality


def presets(kind: str, component: Mapping[str, Any]) -> Iterator[str]:
    """The fields whose augmentation is a preset of images, its parameters without a name, and not a list."""
    for field, of_kind in components(catalog.config(kind, component["name"])):
        value = component.get(field)
        if of_kind == "augmentations" and isinstance(value, Mapping) and "name" not in value:
            yield field


def with_default_views(kind: str, component: ResolvedComponent, modality: str) -> ResolvedComponent:
    """The component with that modality's default operations in place of every preset that is its Config's default."""
    parameters = component.as_dict()
    replaced = [field for field in presets(kind, parameters) if parameters[field] == _default(kind, component, field)]
    if modality == "image" or not replaced:
        return component
    operations = [resolve("augmentations", dict(each)).value for each in default_views(modality)]
    return ResolvedComponent.from_dict({**parameters, **dict.fromkeys(replaced, operations)})


def _default(kind: str, component: ResolvedComponent, field: str) -> Any:
    config = catalog.config(kind, component.name)
    default = config.model_fields[field].get_default(call_default_factory=True, validated_data={})
    return default.model_dump(mode="json") if hasattr(default, "model_dump") else default
