"""The JSON schema of the files of experiments, with every plug-in's parameters, and of collections, for editors."""

from typing import Any

from probeline.core.settings import Settings, components
from probeline.experiment.collection import Collection
from probeline.experiment.collection_file import KEY
from probeline.experiment.schema import KINDS_OF_SECTIONS, Experiment, Training
from probeline.plugins import catalog
from probeline.plugins.locations import RENAMED

DRAFT = "https://json-schema.org/draft/2020-12/schema"
OUTSIDE = {
    "type": "string",
    "pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+(/.+)?$",
    "description": "A module of your own.",
}


def spec_schema() -> dict[str, Any]:
    """The schema: what `load` accepts passes, and a misspelt key or parameter of the base recipe does not.

    A file with the key `collection` is a collection, any other an experiment. Raises BrokenPlugin.
    """
    definitions: dict[str, Any] = {}
    definitions["Experiment"] = _experiment(definitions)
    definitions["Collection"] = _model(Collection, definitions)
    offered = {KEY: {"type": "array", "description": "Systems of several experiments side by side, a row each."}}
    return {
        "$schema": DRAFT,
        "title": "Probeline experiment or collection",
        "type": "object",
        "properties": offered,  # an editor offers it beside the keys of an experiment
        "if": {"required": [KEY]},
        "then": _ref("Collection"),
        "else": _ref("Experiment"),
        "$defs": definitions,
    }


def _experiment(definitions: dict[str, Any]) -> dict[str, Any]:
    schema = _model(Experiment, definitions)
    for kind in catalog.KINDS:
        definitions[kind] = _component(kind, definitions)
    definitions["Training"] = _inlined(Training, "Training", definitions)
    definitions["evaluation"] = _evaluation(definitions)
    definitions["Recipe"]["properties"] |= _sections()
    definitions["Report"]["properties"]["figures"] = {"type": "array", "items": _ref("figures")}
    schema["properties"]["grid"] |= {"properties": _axes(definitions)}
    return schema


def _model(model: type[Settings], definitions: dict[str, Any]) -> dict[str, Any]:
    """A model's schema; what it refers to goes to `definitions`."""
    schema = model.model_json_schema()
    definitions |= schema.pop("$defs", {})
    return {key: value for key, value in schema.items() if key != "title"}


def _sections() -> dict[str, Any]:
    components = {section: _ref(kind) for section, kind in KINDS_OF_SECTIONS.items() if section != "evaluation"}
    return components | {"training": _ref("Training"), "evaluation": _ref("evaluation")}


def _axes(definitions: dict[str, Any]) -> dict[str, Any]:
    """Axes whose values follow from their key alone; other keys are checked when a file is loaded."""
    values = {f"training.{name}": field for name, field in definitions["Training"]["properties"].items()}
    for section, kind in KINDS_OF_SECTIONS.items():
        if section != "evaluation":
            partial = {"type": "object", "not": {"required": ["name"]}}
            values[section] = {"anyOf": [_ref(kind), partial]}
    return {key: _axis({k: v for k, v in value.items() if k != "default"}) for key, value in values.items()}


def _axis(value: dict[str, Any]) -> dict[str, Any]:
    listed = {"type": "array", "items": value, "minItems": 1}
    return {"anyOf": [listed, {"type": "object", "additionalProperties": value, "minProperties": 1}]}


def _component(kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A name, or a mapping with a name and that plug-in's parameters."""
    options: list[dict[str, Any]] = []
    for plugin in catalog.names(kind):
        name = {**_name(kind, plugin), "description": catalog.summary(kind, plugin)}
        options += [name, _with_name(_parameters(kind, plugin, definitions), name)]
    for former, plugin in RENAMED.get(kind, {}).items():
        name = {"const": former, "deprecated": True, "description": f"The former name of {plugin}."}
        options += [name, _with_name(_parameters(kind, plugin, definitions), name)]
    others = [
        {"const": name, "description": f"Of the package {of}."} for name, of in catalog.registered_names(kind).items()
    ]
    outside = {"anyOf": [OUTSIDE, *others]} if others else OUTSIDE
    return {"anyOf": [*options, outside, {"type": "object", "properties": {"name": outside}, "required": ["name"]}]}


def _name(kind: str, plugin: str) -> dict[str, Any]:
    field = catalog.any_config(kind, plugin).model_fields.get("variant")
    if field is None:
        return {"const": plugin}
    return {"type": "string", "pattern": f"^{plugin}/.+" if field.is_required() else f"^{plugin}(/.+)?$"}


def _parameters(kind: str, plugin: str, definitions: dict[str, Any]) -> dict[str, Any]:
    return _inlined(catalog.any_config(kind, plugin), f"{kind}.{plugin}", definitions)


def _inlined(model: type[Settings], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A model's schema; what it refers to goes to `definitions` under `prefix`, so that no two plug-ins clash."""
    schema = model.model_json_schema(ref_template=f"#/$defs/{prefix}.{{model}}")
    definitions |= {f"{prefix}.{name}": inner for name, inner in schema.pop("$defs", {}).items()}
    schema["properties"] = {key: value for key, value in schema.get("properties", {}).items() if key != "variant"}
    schema["required"] = [key for key in schema.get("required", []) if key != "variant"]
    for field, kind in components(model):
        schema["properties"][field] = _nested(kind, schema["properties"][field])
    return {key: value for key, value in schema.items() if key != "title"}


def _nested(kind: str, field: dict[str, Any]) -> dict[str, Any]:
    """A field that holds a component of `kind`, parameters alone for its default one, or a list of components."""
    partial = {"type": "object", "not": {"required": ["name"]}}
    options = field.get("anyOf", [field])
    several = any(option.get("type") == "array" for option in options)
    one = {"type": "array", "items": _ref(kind)} if several else {"anyOf": [_ref(kind), partial]}
    others = [option for option in options if option.get("type") == "null" or "$ref" in option]
    described: dict[str, Any] = {key: field[key] for key in ("default", "description") if key in field}
    return {"anyOf": [one, *others], **described}


def _with_name(parameters: dict[str, Any], name: dict[str, Any]) -> dict[str, Any]:
    properties = {"name": name, **parameters["properties"]}
    return {**parameters, "properties": properties, "required": ["name", *parameters["required"]]}


def _evaluation(definitions: dict[str, Any]) -> dict[str, Any]:
    """One protocol, a list of them, or a mapping from names to parameters."""
    named: dict[str, Any] = {
        plugin: {"anyOf": [_parameters("protocols", plugin, definitions), {"type": "null"}]}
        for plugin in catalog.names("protocols")
    }
    named |= {former: {**named[plugin], "deprecated": True} for former, plugin in RENAMED["protocols"].items()}
    named |= {plugin: {"type": ["object", "null"]} for plugin in catalog.registered_names("protocols")}
    outside = {OUTSIDE["pattern"]: {"type": ["object", "null"]}}
    mapping = {"type": "object", "properties": named, "patternProperties": outside, "additionalProperties": False}
    one = _ref("protocols")
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}, mapping]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}
