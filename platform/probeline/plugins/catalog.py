"""Plug-ins by file name: `methods/simclr.py` IS `simclr`; listing and checking import none of them."""

import difflib
import importlib
import json
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from probeline.core.metric import Metric
from probeline.core.settings import Settings
from probeline.errors import UserError
from probeline.plugins.config_class import compiled, dotted_fields, nested_models
from probeline.plugins.config_source import BrokenPlugin, PluginSource
from probeline.plugins.locations import KINDS, ROOT, current, module_file, package, registered, shipped

__all__ = ["KINDS", "ROOT", "nested_models"]

DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
PERMISSION, FORBIDDEN = "PROBELINE_PLUGINS", "forbid"
"""With this value in this environment variable, a plug-in that Probeline does not ship is refused."""

_by_module: dict[str, Path] = {}
_listeners: list[Callable[[str, Path], None]] = []


class UnknownPlugin(UserError):
    """No plug-in of this kind has this name; `names` are those there are, `nearest` the likeliest or None."""

    def __init__(self, kind: str, name: str, names: list[str], reason: str = "unknown") -> None:
        self.kind, self.name, self.names = kind, name, names
        self.nearest = next(iter(difflib.get_close_matches(name, names, 1)), None)
        hint = f"did you mean {self.nearest!r}?" if self.nearest else f"{kind}: {', '.join(names) or 'none installed'}"
        self.reason = f"{reason}; {hint}" if reason == "unknown" else reason
        super().__init__(f"{kind} {name!r}: {self.reason}")


def names(kind: str) -> list[str]:
    """The plug-ins that Probeline ships for a kind, sorted; variants and dotted names come on top.

    Raises KeyError for a kind that is not in KINDS.
    """
    return sorted(shipped(kind))


def registered_names(kind: str) -> dict[str, str]:
    """The plug-ins that installed packages register for a kind: name -> package. Imports and reads none of them."""
    return {name: ", ".join(map(package, entries)) for name, entries in registered(kind).items()}


def external_plugins() -> dict[str, Path]:
    """Plug-ins that Probeline does not ship and this process has looked up: module -> file."""
    return dict(_by_module)


def on_external_plugin(listener: Callable[[str, Path], None]) -> None:
    """Calls `listener(name, file)` for each of those, the first time, before anything of the file is run."""
    _listeners.append(listener)


def split(name: str) -> tuple[str, str | None]:
    """`timm/resnet18` -> (`timm`, `resnet18`); `simclr` -> (`simclr`, None)."""
    plugin, slash, variant = name.partition("/")
    return plugin, variant if slash else None


def summary(kind: str, name: str) -> str:
    """The first line of the plug-in's docstring. Raises UnknownPlugin, BrokenPlugin."""
    return _source(kind, split(name)[0]).summary


def version(kind: str, name: str) -> int:
    """The plug-in's VERSION, 1 unless it says otherwise. Raises UnknownPlugin, BrokenPlugin."""
    return _source(kind, split(name)[0]).version


def metrics(kind: str, name: str) -> dict[str, Metric]:
    """What the plug-in declares in METRICS: name or pattern -> metric. Raises UnknownPlugin, BrokenPlugin."""
    return _source(kind, split(name)[0]).metrics


def primary(protocol: str) -> str | None:
    """The PRIMARY of a protocol: a key of its METRICS, or None. Raises UnknownPlugin, BrokenPlugin."""
    return _source("protocols", split(protocol)[0]).primary


def constant(kind: str, name: str, constant: str, default: Any) -> Any:
    """A constant of the plug-in's file, `default` where it has none; reads the file and runs nothing of it.

    Raises UnknownPlugin, BrokenPlugin.
    """
    return _located(kind, split(name)[0])[0].constant(constant, default)


def readable_names(kind: str) -> list[str]:
    """`names`, and those that packages register where plug-ins of others are allowed."""
    others = () if os.environ.get(PERMISSION) == FORBIDDEN else registered(kind)
    return sorted({*shipped(kind), *others})


def trains(method: str) -> bool:
    """Whether a method trains the encoder at all. Raises UnknownPlugin, BrokenPlugin."""
    return _source("methods", split(method)[0]).trains


def is_deterministic(kind: str, name: str) -> bool:
    """Whether a plug-in declares that its result does not depend on the seed. Raises UnknownPlugin, BrokenPlugin."""
    return _source(kind, split(name)[0]).deterministic


def config(kind: str, name: str) -> type[Settings]:
    """The plug-in's parameters, compiled from its source without importing it.

    Raises UnknownPlugin, also for a variant that the plug-in does not take, and BrokenPlugin.
    """
    plugin, variant = split(name)
    settings_class = _compiled(kind, plugin)
    if variant is not None and "variant" not in settings_class.model_fields:
        raise UnknownPlugin(kind, name, [plugin], f"{plugin} takes no variant; write {plugin!r}")
    if variant == "" or (variant is None and _needs_variant(settings_class)):
        raise UnknownPlugin(kind, name, [plugin], f"a variant is missing; write {plugin}/<variant>")
    return settings_class


def any_config(kind: str, plugin: str) -> type[Settings]:
    """As `config`, for the plug-in itself where a variant is still to be chosen. Raises UnknownPlugin, BrokenPlugin."""
    return _compiled(kind, plugin)


def axes(kind: str, name: str) -> list[str]:
    """Dotted names of the plug-in's parameters, those of nested settings included (`augment.strength`).

    Raises UnknownPlugin, BrokenPlugin.
    """
    return list(dotted_fields(_compiled(kind, split(name)[0])))


def module(kind: str, name: str) -> ModuleType:
    """The plug-in itself, imported. Raises UnknownPlugin; ImportError where something it needs is not installed."""
    return importlib.import_module(_source(kind, split(name)[0]).module)


def files_of(kind: str, component: dict[str, Any]) -> list[Path]:
    """The files that a resolved component says it is read from; none where its plug-in has no `files`. Raises as that.

    Raises UnknownPlugin, ImportError, pydantic.ValidationError.
    """
    files = getattr(module(kind, component["name"]), "files", None)
    return [] if files is None else files(settings(kind, component))


def plugin_class(kind: str, name: str, base: type) -> type:
    """The one subclass of `base` that the plug-in's module defines. Raises UnknownPlugin, ImportError, BrokenPlugin."""
    plugin = module(kind, name)
    own = [c for c in vars(plugin).values() if isinstance(c, type) and c.__module__ == plugin.__name__]
    own = [c for c in own if issubclass(c, base) and c is not base and not c.__name__.startswith("_")]
    if len(own) != 1:
        listed = ", ".join(c.__name__ for c in own) or "none"
        raise BrokenPlugin(
            f"{plugin.__file__}: one public class deriving from {base.__name__} is needed; found {listed}"
        )
    return own[0]


def plugin_function(kind: str, name: str) -> Callable[..., Any]:
    """The function that the plug-in's file is named for. Raises UnknownPlugin, ImportError, BrokenPlugin."""
    plugin = module(kind, name)
    own = plugin.__name__.rpartition(".")[2]
    function = getattr(plugin, own, None)
    if not callable(function):
        raise BrokenPlugin(f"{plugin.__file__}: it has no function {own!r}; {kind} are functions named as their file")
    return function


def settings(kind: str, component: dict[str, Any]) -> Settings:
    """The imported plug-in's Config for a resolved component `{name: ..., parameters}`.

    Raises UnknownPlugin, ImportError, pydantic.ValidationError.
    """
    config(kind, component["name"])
    return validated(module(kind, component["name"]).Config, component)


def validated(config_class: type[Settings], component: dict[str, Any]) -> Settings:
    """`component` as an instance: a YAML type is never turned into another. Raises pydantic.ValidationError."""
    parameters = {key: value for key, value in component.items() if key != "name"}
    variant = split(component["name"])[1]
    if variant is not None:
        parameters["variant"] = variant
    return config_class.model_validate_json(json.dumps(parameters), strict=True)


def _needs_variant(model: type[Settings]) -> bool:
    return "variant" in model.model_fields and model.model_fields["variant"].is_required()


def _compiled(kind: str, plugin: str) -> type[Settings]:
    return compiled(_source(kind, plugin))


def _source(kind: str, plugin: str) -> PluginSource:
    source, external = _located(kind, plugin)
    if external:
        if os.environ.get(PERMISSION) == FORBIDDEN:
            what = "named by their module" if "." in plugin else "of installed packages"
            reason = f"plug-ins {what} are forbidden ({PERMISSION}={FORBIDDEN}); this is {source.path}"
            raise UnknownPlugin(kind, plugin, names(kind), reason)
        if source.module not in _by_module:
            _by_module[source.module] = source.path
            for listener in _listeners:
                listener(source.module, source.path)
    return source


@cache
def _located(kind: str, plugin: str) -> tuple[PluginSource, bool]:
    """A plug-in's file, and whether it is one that Probeline does not ship."""
    ours, plugin = shipped(kind), current(kind, plugin)
    if plugin in ours:
        parts = ours[plugin].relative_to(ROOT).with_suffix("").parts
        return PluginSource(ours[plugin], ".".join((ROOT.name, *parts))), False
    if "." not in plugin:
        return _registered_source(kind, plugin), True
    path = module_file(plugin) if DOTTED.fullmatch(plugin) else None
    if path is None:
        reason = "no such module on Python's path; is its folder in PYTHONPATH?"
        raise UnknownPlugin(kind, plugin, sorted(ours), reason)
    return PluginSource(path, plugin), True


def _registered_source(kind: str, plugin: str) -> PluginSource:
    entries = registered(kind).get(plugin, ())
    if not entries:
        raise UnknownPlugin(kind, plugin, sorted({*shipped(kind), *registered(kind)}))
    if len(entries) > 1:
        clash = ", ".join(f"{entry.value} of {package(entry)}" for entry in entries)
        raise UnknownPlugin(kind, plugin, names(kind), f"several packages have one; name its module: {clash}")
    (entry,) = entries
    path = module_file(entry.value) if DOTTED.fullmatch(entry.value) else None
    if path is None:
        reason = f"{package(entry)} registers it as {entry.value!r}, which is no module with a file"
        raise UnknownPlugin(kind, plugin, names(kind), reason)
    return PluginSource(path, entry.value)
