"""Metrics by their stored names, from the declarations of the plug-ins and of the training; imports none of them."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from probeline.core.metric import Metric, described, unknown
from probeline.errors import UserError
from probeline.plugins import catalog
from probeline.plugins.config_source import PluginSource

TRAINING = {
    "train": ("probeline.methods.base", "probeline.training.loop"),
    "online_probe": ("probeline.training.online_probe",),
    "cost": ("probeline.training.trial",),
    "study": ("probeline.tracking.reading.studies",),
}
"""The modules that declare the metrics of a training, by the first part of a stored name."""


def metric(name: str) -> Metric:
    """The description of a stored name, `protocol/name`; one that nobody declares is shown by its name, unranked."""
    return _metric(name, tuple(catalog.external_plugins().values()))


def declared(group: str) -> Mapping[str, Metric]:
    """The declared metrics of a protocol, or of `train`, `online_probe`, `cost` or `study`; {} where nobody declares.

    Names are without the group. Raises BrokenPlugin for a declaration that is not one.
    """
    return _declared(group, tuple(catalog.external_plugins().values()))


def primary_metric(protocols: Iterable[str]) -> str | None:
    """The primary metric of the first protocol that has one; a pattern where that depends on its settings."""
    for protocol in protocols:
        primary = _primary(protocol)
        if primary is not None:
            return f"{protocol}/{primary}"
    return None


def matches_pattern(pattern: str, name: str) -> bool:
    """Whether a stored name is one of those that a pattern such as `transfer/<data>/top1` stands for."""
    return described({pattern: Metric("any")}, name, name) is not None


def _primary(protocol: str) -> str | None:
    try:
        return catalog.primary(protocol)
    except catalog.UnknownPlugin:  # results of a plug-in that is not installed here
        return None


@lru_cache(100_000)
def _metric(name: str, modules: tuple[Path, ...]) -> Metric:
    group, _, tail = name.partition("/")
    return described(_declared(group, modules), tail, name) or unknown(name)


@lru_cache(1000)
def _declared(group: str, modules: tuple[Path, ...]) -> Mapping[str, Metric]:
    if group in TRAINING:
        declarations = [_file(module) for module in TRAINING[group]]
        if group == "train":
            shipped = [catalog.metrics("methods", method) for method in catalog.names("methods")]
            declarations += [*shipped, *(_readable(path) for path in modules)]
        return MappingProxyType({name: metric for one in reversed(declarations) for name, metric in one.items()})
    try:
        return MappingProxyType(catalog.metrics("protocols", group))
    except catalog.UnknownPlugin:
        return MappingProxyType({})


def _file(module: str) -> dict[str, Metric]:
    path = catalog.ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")
    return PluginSource(path, module).metrics


def _readable(path: Path) -> dict[str, Metric]:
    """The metrics of a file that is not shipped; {} for one that can no longer be read."""
    try:
        return PluginSource(path, path.stem).metrics
    except UserError:
        return {}
