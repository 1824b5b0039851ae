"""Parameters of a recipe that cannot do on these data, or in this training, what they say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probeline.core.dataset import DatasetInfo
from probeline.experiment.identity import data_key
from probeline.experiment.trial import Cell

SMALLEST_BLURRED_SIDE = 20
"""Pixels; below it a kernel of 10% of the side, the default, is smaller than 3 pixels and blurs nothing."""


def without_effect(cells: Sequence[Cell], data: Mapping[str, DatasetInfo]) -> list[str]:
    """A note for each parameter without its effect, with the cells concerned. `data`: by `data_key`."""
    concerned: dict[str, list[str]] = {}
    for cell in cells:
        for reason in (*_warm_up(cell.recipe["training"]), *_blur(cell.recipe["method"], data[data_key(cell.recipe)])):
            concerned.setdefault(reason, []).append(cell.label)
    return [f"{_listed(labels)}: {reason}" for reason, labels in concerned.items()]


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return f"{labels[0]!r}{more}"


def _warm_up(training: Mapping[str, Any]) -> Iterator[str]:
    warm_up, epochs = training["warmup_epochs"], training["epochs"]
    if 0 < epochs < warm_up:
        yield (
            f"training.warmup_epochs, {warm_up}, is longer than the training of {epochs} epochs: the learning rate "
            f"ends at {epochs / warm_up:.0%} of its peak and never decays"
        )


def _blur(method: Mapping[str, Any], data: DatasetInfo) -> Iterator[str]:
    if data.sample.modality != "image":
        return
    side = min(data.sample.shape[:2])
    for field in ("augment", "augment_other"):
        if _blurs(method.get(field)) and side < SMALLEST_BLURRED_SIDE:
            yield (
                f"method.{field} blurs nothing: images have {side} pixels a side, and a kernel of 10% of fewer than "
                f"{SMALLEST_BLURRED_SIDE} is below 3 pixels"
            )


def _blurs(augment: Any) -> bool:
    """Whether an augmentation has a blur with the default kernel, and no operation that changes the images' size."""
    if isinstance(augment, Mapping):
        return augment.get("blur", 0) > 0
    operations = augment if isinstance(augment, list) else []
    blurs = any(one["name"] == "blur" and one["p"] > 0 and one["kernel"] == 0.1 for one in operations)
    return blurs and not any(one.get("size") for one in operations)
