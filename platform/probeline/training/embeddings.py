"""What the frozen encoder makes of a data set's parts, computed once."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from probeline.core.dataset import Dataset, Split
from probeline.core.hidden import Hidden
from probeline.core.method import Method
from probeline.data.loader import batches
from probeline.data.store import open_dataset
from probeline.errors import Diverged, NotApplicable
from probeline.evaluation._frozen_method import FrozenMethod, ViewPairs
from probeline.evaluation.base import Embeddings, EvaluationData, HeldOutLabels, HiddenLabels
from probeline.training import heartbeat
from probeline.training.held_out import LabelReads, on_each_split, without_files, without_test_labels

BATCH = 512
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


@torch.no_grad()
def represent(encoder: nn.Module, part: Split, device: torch.device) -> tuple[Tensor, Tensor]:
    """h [N, dim] in float32 and labels [N], in the part's order; the encoder is in evaluation mode.

    Raises:
        Diverged: a representation is not finite.
    """
    encoder.eval()
    columns = []
    for batch in batches(part, BATCH, seed=0, epoch=0, device=device, shuffle=False, drop_last=False):
        columns.append((encoder(batch.inputs).h.float(), batch.labels))
        heartbeat.beat()
    h, labels = (torch.cat(column) for column in zip(*columns, strict=True))
    if not torch.isfinite(h).all():
        raise Diverged("the trained encoder gives representations that are not finite; lower training.lr")
    return h, labels


@dataclass(frozen=True)
class Representations:
    """A trained method's data set as its frozen copy sees it, held by the trial.

    `digest`: the data set's; `shown`: the data set without its test labels; `hidden`: the trial is judged on its
    validation part, so that no test label may be read.
    """

    train: Embeddings
    validation: Embeddings
    test: Embeddings
    digest: str
    shown: Dataset
    method: Method
    device: torch.device
    seed: int
    hidden: bool = False
    _pairs: dict[str, ViewPairs] = field(default_factory=dict, compare=False, repr=False)

    def evaluation_data(self, named: Iterable[dict[str, Any]] | None = None) -> EvaluationData:
        """What one protocol may look at, its test labels sealed. `named`: the data sets of its settings; None: any."""
        reads = LabelReads(self.digest, named)
        embed = partial(_embed_dataset, trained=self, reads=reads)
        subject = FrozenMethod(
            self.method, self.shown, self.device, self.seed, Hidden(embed), heartbeat.beat, self._pairs
        )
        return self._with_labels(reads.own(self.test.labels), subject)

    def _with_labels(self, labels: Callable[[], Tensor], subject: FrozenMethod) -> EvaluationData:
        test = self.test
        sealed = HiddenLabels(test.h, test.z) if self.hidden else HeldOutLabels(test.h, labels, test.z)
        return EvaluationData(self.train, self.validation, sealed, self.shown.classes, subject)


def representations(
    method: Method, dataset: Dataset, device: torch.device, seed: int, hidden: bool = False
) -> Representations:
    """Embeds the three parts by a frozen copy of `method`. Raises Diverged."""
    frozen = deepcopy(method).requires_grad_(False).eval()
    shown = without_test_labels(dataset)
    train, validation, test = (
        Embeddings(*_embed(frozen, one, device)) for one in (shown.train, shown.validation, shown.test)
    )
    labels = torch.from_numpy(dataset.test.labels).to(device)
    return Representations(
        train, validation, replace(test, labels=labels), dataset.digest, shown, frozen, device, seed, hidden
    )


def evaluation_data(method: Method, dataset: Dataset, device: torch.device, seed: int) -> EvaluationData:
    """What a protocol may look at; the labels of the test part stay sealed, and `method` is copied."""
    return representations(method, dataset, device, seed).evaluation_data()


def _embed_dataset(
    method: Method, home: Dataset, data: dict[str, Any], *, trained: Representations, reads: LabelReads
) -> EvaluationData:
    """Evaluation data on the data set `data` of a method trained at `home`.

    Raises:
        NotApplicable: the encoder does not take its images, or the protocol's settings do not name it.
    """
    reads.check_named(data)
    channels = home.train.inputs.shape[-1]
    away = without_files(open_dataset(data, heartbeat.beat))
    there = away.train.inputs.shape[1:]
    try:
        fitting = on_each_split(away, lambda split: with_channels(split, channels))
        other = representations(method, fitting, trained.device, trained.seed, trained.hidden)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, AssertionError, IndexError) as error:  # each library has its own errors
        trained_on, shape = ("x".join(map(str, shape)) for shape in (home.train.inputs.shape[1:], there))
        raise NotApplicable(
            f"{data['name']}: an encoder for images of {trained_on} does not take its images of {shape} ({error}); "
            "give both the same size, or take an encoder for any size, such as resnet"
        ) from error
    opener = Hidden(partial(_embed_dataset, trained=other, reads=reads))
    subject = FrozenMethod(other.method, other.shown, other.device, other.seed, opener, heartbeat.beat)
    return other._with_labels(reads.of(data, away.digest, other.test.labels), subject)


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
        return Split(
            (part.inputs @ np.array(LUMA, np.float32)).round().astype(part.inputs.dtype)[..., None], part.labels
        )
    raise ValueError(f"images of {have} channels cannot become images of {channels}")


@torch.no_grad()
def _embed(method: Method, part: Split, device: torch.device) -> tuple[Tensor, Tensor, Tensor | None]:
    """h, labels and z of a part."""
    h, labels = represent(method.encoder, part, device)
    projected = [z for rows in h.split(BATCH) if (z := method.project(rows)) is not None]
    return h, labels, torch.cat(projected).float() if projected else None
