"""Representations h of a data set's parts, computed once with the frozen encoder."""

import torch
from torch import Tensor, nn

from probeline.data.loader import batches
from probeline.data.parts import Dataset, Part
from probeline.evaluation.base import Evidence, Represented, Sealed

BATCH = 512


@torch.inference_mode()
def represent(encoder: nn.Module, part: Part, device: torch.device) -> tuple[Tensor, Tensor]:
    """h [N, dim] in float32 and labels [N], in the part's order; the encoder is in evaluation mode."""
    encoder.eval()
    todo = batches(part, BATCH, seed=0, epoch=0, device=device, shuffle=False, drop_last=False)
    pairs = [(encoder(batch.inputs).float(), batch.labels) for batch in todo]
    return torch.cat([h for h, _ in pairs]), torch.cat([labels for _, labels in pairs])


def evidence(encoder: nn.Module, dataset: Dataset, device: torch.device) -> Evidence:
    """What a protocol may look at; the labels of the test part stay sealed."""
    return Evidence(
        train=Represented(*represent(encoder, dataset.train, device)),
        validation=Represented(*represent(encoder, dataset.validation, device)),
        test=Sealed(*represent(encoder, dataset.test, device)),
        classes=dataset.classes,
    )
