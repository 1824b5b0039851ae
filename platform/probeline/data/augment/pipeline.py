"""Settings -> the steps that make views: stretches that fuse, and single operations."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Protocol, cast, runtime_checkable

from probeline.data.augment.settings import Op
from probeline.data.augment.steps import AugmentStep, Fuser, Member, Single
from probeline.plugins import catalog


@runtime_checkable
class Preset(Hashable, Protocol):
    """Parameters that stand for a list of operations, such as SimCLR's of images."""

    def operations(self) -> list[dict[str, Any]]:
        """The list, each `{name: ..., parameters}`."""
        ...


Operations = Preset | Sequence[dict[str, Any]]


def steps(settings: Operations) -> tuple[AugmentStep, ...]:
    """The steps in order; made once for the same settings.

    Raises UnknownPlugin, ImportError, pydantic.ValidationError; BrokenPlugin for an operation without its function.
    """
    if isinstance(settings, Preset):
        return _preset(settings)
    return _listed(json.dumps(list(settings), sort_keys=True))


@lru_cache(maxsize=256)
def _preset(settings: Preset) -> tuple[AugmentStep, ...]:
    return _listed(json.dumps(settings.operations(), sort_keys=True))


@lru_cache(maxsize=256)
def _listed(components: str) -> tuple[AugmentStep, ...]:
    taken: Counter[str] = Counter()
    members: list[tuple[str, Member]] = []
    for component in json.loads(components):
        name = component["name"]
        taken[name] += 1
        own = name if taken[name] == 1 else f"{name} {taken[name]}"
        config = cast(Op, catalog.settings("augmentations", component))
        if config.p > 0 or getattr(config, "size", None):  # a crop for no sample still gives all its size
            members.append((name, Member(own, config)))
    return tuple(map(_step, _stretches(members)))


def _stretches(members: Iterable[tuple[str, Member]]) -> list[list[tuple[str, Member]]]:
    """The list cut where the next operation is not fused with the one before."""
    stretches: list[list[tuple[str, Member]]] = []
    for name, member in members:
        last = stretches[-1][-1][0] if stretches else None
        fuser = _fuser(name)
        if last is not None and fuser is not None and fuser is _fuser(last) and fuser.follow(last, name):
            stretches[-1].append((name, member))
        else:
            stretches.append([(name, member)])
    return stretches


def _fuser(name: str) -> Fuser | None:
    return getattr(catalog.module("augmentations", name), "FUSED_BY", None)


def _step(stretch: Sequence[tuple[str, Member]]) -> AugmentStep:
    name, member = stretch[0]
    fuser = _fuser(name)
    if len(stretch) > 1 and fuser is not None:
        return fuser.fuse(dict(stretch))
    return Single(member, catalog.plugin_function("augmentations", name))
