"""What the frozen encoder makes of a data set's parts, computed once."""

from copy import deepcopy
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from probeline.core.dataset import Dataset, Split
from probeline.data.loader import batches
from probeline.data.store import open_dataset
from probeline.errors import Diverged, NotApplicable
from probeline.evaluation._frozen_method import FrozenMethod
from probeline.evaluation.base import Embeddings, EvaluationData, HeldOutLabels
from probeline.training import heartbeat

BATCH = 512
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


@torch.no_grad()
def represent(encoder: nn.Module, part: Split, device: torch.device) -> tuple[Tensor, Tensor]:
    """h [N, dim] in float32 and labels [N], in the part's order; the encoder is in evaluation mode.

    Raises:
        Diverged: a representation is not finite.
    """
    encoder.eval()
    found = []
    for batch in batches(part, BATCH, seed=0, epoch=0, device=device, shuffle=False, drop_last=False):
        found.append((encoder(batch.inputs).h.float(), batch.labels))
        heartbeat.beat()
    h, labels = (torch.cat(column) for column in zip(*found, strict=True))
    if not torch.isfinite(h).all():
        raise Diverged("the trained encoder gives representations that are not finite; lower training.lr")
    return h, labels


def evaluation_data(method: nn.Module, dataset: Dataset, device: torch.device, seed: int) -> EvaluationData:
    """What a protocol may look at; the labels of the test part stay sealed, and `method` is copied."""
    frozen = deepcopy(method).requires_grad_(False).eval()
    train, validation, test = (
        _seen(frozen, part, device) for part in (dataset.train, dataset.validation, dataset.test)
    )
    return EvaluationData(
        train=Embeddings(*train),
        validation=Embeddings(*validation),
        test=HeldOutLabels(*test),
        classes=dataset.classes,
        subject=FrozenMethod(
            frozen, dataset, device, seed, partial(_elsewhere, device=device, seed=seed), heartbeat.beat
        ),
    )


def _elsewhere(method: nn.Module, home: Dataset, data: dict, *, device: torch.device, seed: int) -> EvaluationData:
    """Evidence on the data set `data` of a method trained at `home`.

    Raises:
        NotApplicable: the encoder does not take its images.
    """
    channels = home.train.inputs.shape[-1]
    away = open_dataset(data, heartbeat.beat)
    there = away.train.inputs.shape[1:]
    try:
        parts = {name: with_channels(getattr(away, name), channels) for name in ("train", "validation", "test")}
        return evaluation_data(method, replace(away, **parts), device, seed)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, AssertionError, IndexError) as error:  # each library says it its own way
        trained, other = ("x".join(map(str, shape)) for shape in (home.train.inputs.shape[1:], there))
        raise NotApplicable(
            f"{data['name']}: an encoder for images of {trained} does not take its images of {other} ({error}); give "
            "both the same size, or take an encoder for any size, such as resnet"
        ) from error


def with_channels(part: Split, channels: int) -> Split:
    """The part with as many channels as an encoder takes: grey is repeated, colour becomes its luma.

    Raises ValueError for numbers of channels other than 1 and 3 that differ.
    """
    have = part.inputs.shape[-1]
    if have == channels:
        return part
    if (have, channels) == (1, 3):
        return Split(np.repeat(part.inputs, 3, axis=-1), part.labels)
    if (have, channels) == (3, 1):
        return Split((part.inputs @ np.array(LUMA, np.float32)).round().astype(np.uint8)[..., None], part.labels)
    raise ValueError(f"images of {have} channels cannot become images of {channels}")


@torch.no_grad()
def _seen(method: nn.Module, part: Split, device: torch.device) -> tuple[Tensor, Tensor, Tensor | None]:
    """h, labels and z of a part."""
    h, labels = represent(method.encoder, part, device)
    projected = [method.project(rows) for rows in h.split(BATCH)]
    return h, labels, None if projected[0] is None else torch.cat(projected).float()
