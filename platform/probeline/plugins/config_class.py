"""The class `Config` of a plug-in's file: compiled once, refused where nothing could use it; and its fields."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, PydanticUndefinedAnnotation

from probeline.core.settings import Settings
from probeline.plugins.config_source import PLUGIN_ERRORS, BrokenPlugin, PluginSource

MAX_LEVELS = 20
"""Of settings within settings in a plug-in's Config."""


@cache
def compiled(source: PluginSource) -> type[Settings]:
    """The file's `Config`, every default of it tried. Raises BrokenPlugin for one that nothing could use."""
    settings_class = source.compile()
    if not (isinstance(settings_class, type) and issubclass(settings_class, Settings)):
        raise BrokenPlugin(f"{source.path}: Config must derive from probeline.core.settings.Settings")
    try:
        settings_class.model_rebuild()
        for field in settings_class.model_fields.values():
            field.get_default(call_default_factory=True, validated_data={})
    except PydanticUndefinedAnnotation as error:
        raise BrokenPlugin(f"{source.path}: an annotation of Config means nothing: {error}") from error
    except PLUGIN_ERRORS as error:
        raise BrokenPlugin(f"{source.path}: its Config fails with {type(error).__name__}: {error}") from error
    if _levels(settings_class) > MAX_LEVELS:
        raise BrokenPlugin(f"{source.path}: its Config nests settings deeper than {MAX_LEVELS} levels; make them flat")
    if "name" in settings_class.model_fields:
        raise BrokenPlugin(f"{source.path}: Config may have no field `name`: that is the component's own")
    return settings_class


def _levels(model: type[BaseModel]) -> int:
    """How many levels of settings are nested in a settings class; a class that holds itself counts once."""
    level, seen, count = {model}, {model}, 0
    while level:
        fields = [field for each in level for field in each.model_fields.values()]
        level = {nested for field in fields for nested in nested_models(field.annotation)} - seen
        seen |= level
        count += 1
    return count


def nested_models(annotation: Any) -> list[type[BaseModel]]:
    """The settings classes that an annotation names directly or in a union: those whose fields a dotted key reaches."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) if not isinstance(part, str) for model in nested_models(part)]


def dotted_fields(model: type[BaseModel], above: tuple[type, ...] = ()) -> Iterator[str]:
    """Dotted names of a settings class's own and nested fields, in the order of declaration."""
    for name, field in model.model_fields.items():
        nested = [m for m in nested_models(field.annotation) if m not in above]
        if name == "variant" and not above:
            continue
        if not nested:
            yield name
        for inner in nested:
            yield from (f"{name}.{below}" for below in dotted_fields(inner, (*above, model)))
