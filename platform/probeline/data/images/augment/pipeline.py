"""Settings -> the steps that make views: stretches that fuse, and single operations."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.sample_rng import SampleRNG
from probeline.data.images.augment.fused import COIN, ORDER, Fused, Member
from probeline.data.images.augment.settings import Augment, Op
from probeline.plugins import catalog

AugmentStep = Callable[[Tensor, SampleRNG], Tensor]


@dataclass(frozen=True)
class Single:
    """One operation of a list, on the samples that its coin chooses."""

    member: Member
    function: Callable[[Tensor, Op, SampleRNG], Tensor]

    def __call__(self, images: Tensor, rng: SampleRNG) -> Tensor:
        """images: [B, C, H, W] in [0, 1] -> [B, C, h, w] in [0, 1]; what is not chosen is at most resized."""
        own = rng.fold_in(self.member.name)
        augmented = self.function(images, self.member.config, own).clamp(0, 1)
        if self.member.config.p == 1:
            return augmented
        chosen = own.uniform(1, COIN)[:, 0] < self.member.config.p
        if augmented.shape != images.shape:
            images = F.interpolate(images, augmented.shape[2:], mode="bilinear", antialias=True)
        return torch.where(chosen[:, None, None, None], augmented, images)


def steps(settings: Augment | Sequence[dict[str, Any]]) -> tuple[AugmentStep, ...]:
    """The steps in order; made once for the same settings.

    Raises UnknownPlugin, ImportError, pydantic.ValidationError; BrokenPlugin for an operation without its function.
    """
    if isinstance(settings, Augment):
        return _standard(settings)
    return _listed(json.dumps(list(settings), sort_keys=True))


@lru_cache(maxsize=256)
def _standard(settings: Augment) -> tuple[AugmentStep, ...]:
    return _listed(json.dumps(as_list(settings), sort_keys=True))


def as_list(settings: Augment) -> list[dict[str, Any]]:
    """SimCLR's parameters written as the operations that they stand for."""
    return [
        {"name": "crop", "scale": settings.crop_scale, "ratio": settings.crop_ratio},
        {"name": "flip", "p": settings.flip},
        {"name": "colour", "p": settings.jitter, "strength": settings.strength},
        {"name": "grey", "p": settings.grey},
        {"name": "blur", "p": settings.blur},
    ]


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
    """The list cut where the next operation does not follow in ORDER."""
    stretches: list[list[tuple[str, Member]]] = []
    for name, member in members:
        last = stretches[-1][-1][0] if stretches else None
        if name in ORDER and last in ORDER and ORDER.index(last) < ORDER.index(name):
            stretches[-1].append((name, member))
        else:
            stretches.append([(name, member)])
    return stretches


def _step(stretch: Sequence[tuple[str, Member]]) -> AugmentStep:
    name, member = stretch[0]
    if len(stretch) > 1:
        return Fused(dict(stretch))
    return Single(member, catalog.plugin_function("augmentations", name))
