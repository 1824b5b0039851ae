"""What the frozen encoder makes of a data set's parts, computed once."""

from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn

from probeline.data.loader import batches
from probeline.data.parts import Dataset, Part
from probeline.data.store import open_dataset
from probeline.evaluation._subject import Subject
from probeline.evaluation.base import Evidence, Represented, Sealed

BATCH = 512


@torch.no_grad()
def represent(encoder: nn.Module, part: Part, device: torch.device) -> tuple[Tensor, Tensor]:
    """h [N, dim] in float32 and labels [N], in the part's order; the encoder is in evaluation mode."""
    encoder.eval()
    todo = batches(part, BATCH, seed=0, epoch=0, device=device, shuffle=False, drop_last=False)
    pairs = [(encoder(batch.inputs).float(), batch.labels) for batch in todo]
    return torch.cat([h for h, _ in pairs]), torch.cat([labels for _, labels in pairs])


def evidence(method: nn.Module, dataset: Dataset, device: torch.device, seed: int) -> Evidence:
    """What a protocol may look at; the labels of the test part stay sealed, and `method` is copied."""
    frozen = deepcopy(method).requires_grad_(False).eval()
    train, validation, test = (
        _seen(frozen, part, device) for part in (dataset.train, dataset.validation, dataset.test)
    )
    return Evidence(
        train=Represented(*train),
        validation=Represented(*validation),
        test=Sealed(*test),
        classes=dataset.classes,
        subject=Subject(frozen, dataset, device, seed, partial(_elsewhere, device=device, seed=seed)),
    )


def _elsewhere(method: nn.Module, data: dict, *, device: torch.device, seed: int) -> Evidence:
    return evidence(method, open_dataset(data), device, seed)


@torch.no_grad()
def _seen(method: nn.Module, part: Part, device: torch.device) -> tuple[Tensor, Tensor, Tensor | None]:
    """h, labels and z of a part."""
    h, labels = represent(method.encoder, part, device)
    projected = [method.project(rows) for rows in h.split(BATCH)]
    return h, labels, None if projected[0] is None else torch.cat(projected).float()
