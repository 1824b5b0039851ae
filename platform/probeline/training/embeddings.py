"""What the frozen encoder makes of a data set's parts, computed once."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from probeline.core.dataset import Dataset, Split
from probeline.core.hidden import Hidden
from probeline.core.method import Method
from probeline.data.store import open_dataset
from probeline.errors import Diverged, NotApplicable
from probeline.evaluation._encoding import represent
from probeline.evaluation._frozen_method import FrozenMethod, ViewPairs
from probeline.evaluation.base import Embeddings, EvaluationData, HeldOutLabels, HiddenLabels
from probeline.training import heartbeat
from probeline.training.held_out import (
    LabelReads,
    Reader,
    on_each_split,
    reader,
    without_files,
    without_test_labels,
)

BATCH = 512
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass(frozen=True)
class Representations:
    """A trained method's data set as its frozen copy sees it, held by the trial.

    `digest`: the data set's; `answers`: reads those of the test; `shown`: the data set without them; `hidden`: the
    trial is judged on its validation part, so that no test label may be read.
    """

    train: Embeddings
    validation: Embeddings
    test: Embeddings
    digest: str
    answers: Reader
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
        return self._with_answers(reads.own(self.answers), subject)

    def _with_answers(self, answers: Reader, subject: FrozenMethod) -> EvaluationData:
        test = self.test
        sealed = HiddenLabels(test.h, test.z) if self.hidden else HeldOutLabels(test.h, answers, test.z)
        return EvaluationData(self.train, self.validation, sealed, self.shown.info, subject)


def representations(
    method: Method, dataset: Dataset, device: torch.device, seed: int, hidden: bool = False
) -> Representations:
    """Embeds the three parts by a frozen copy of `method`. Raises Diverged."""
    frozen = deepcopy(method).requires_grad_(False).eval()
    shown = without_test_labels(dataset)
    train, validation, test = (_embed(frozen, one, device) for one in (shown.train, shown.validation, shown.test))
    answers = reader(dataset.test, dataset.info, device)
    return Representations(train, validation, test, dataset.digest, answers, shown, frozen, device, seed, hidden)


def evaluation_data(method: Method, dataset: Dataset, device: torch.device, seed: int) -> EvaluationData:
    """What a protocol may look at; the labels of the test part stay sealed, and `method` is copied."""
    return representations(method, dataset, device, seed).evaluation_data()


def _embed_dataset(
    method: Method, home: Dataset, data: dict[str, Any], *, trained: Representations, reads: LabelReads
) -> EvaluationData:
    """Evaluation data on the data set `data` of a method trained at `home`.

    Raises:
        NotApplicable: the encoder does not take its samples, or the protocol's settings do not name it.
    """
    reads.check_named(data)
    away = without_files(open_dataset(data, heartbeat.beat))
    here, there = home.info.sample, away.info.sample
    if here.modality != there.modality:
        raise NotApplicable(f"{data['name']}: it has {there.modality} samples, and the encoder takes {here.modality}")
    if (here.tokenizer, here.vocabulary) != (there.tokenizer, there.vocabulary):
        raise NotApplicable(
            f"{data['name']}: its tokens are of another tokeniser than those that the encoder was trained on, so each "
            "would get another one's vector; judge an encoder of text on the data that its tokeniser was learned from"
        )
    try:
        fitting = of_channels(away, here.channels) if here.modality == "image" else away
        other = representations(method, fitting, trained.device, trained.seed, trained.hidden)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, AssertionError, IndexError) as error:  # each library has its own errors
        trained_on, shape = ("x".join(map(str, spec.shape)) for spec in (here, there))
        raise NotApplicable(
            f"{data['name']}: an encoder for images of {trained_on} does not take its images of {shape} ({error}); "
            "give both the same size, or take an encoder for any size, such as resnet"
        ) from error
    opener = Hidden(partial(_embed_dataset, trained=other, reads=reads))
    subject = FrozenMethod(other.method, other.shown, other.device, other.seed, opener, heartbeat.beat)
    return other._with_answers(reads.of(data, away.digest, other.answers), subject)


def of_channels(dataset: Dataset, channels: int) -> Dataset:
    """The data set of images with as many channels as an encoder takes. Raises as `with_channels`."""
    sample = dataset.info.sample
    info = replace(dataset.info, sample=replace(sample, shape=(*sample.shape[:-1], channels)))
    return replace(on_each_split(dataset, lambda split: with_channels(split, channels)), info=info)


def with_channels(part: Split, channels: int) -> Split:
    """The part with as many channels as an encoder takes: grey is repeated, colour becomes its luma.

    Raises ValueError for numbers of channels other than 1 and 3 that differ.
    """
    pixels = np.asarray(part.inputs)
    have = pixels.shape[-1]
    if have == channels:
        return part
    if (have, channels) == (1, 3):
        return replace(part, inputs=np.repeat(pixels, 3, axis=-1))
    if (have, channels) == (3, 1):
        return replace(part, inputs=(pixels @ np.array(LUMA, np.float32)).round().astype(pixels.dtype)[..., None])
    raise ValueError(f"images of {have} channels cannot become images of {channels}")


@torch.no_grad()
def _embed(method: Method, part: Split, device: torch.device) -> Embeddings:
    """What a frozen method makes of a split, with its labels. Raises Diverged."""
    h, labels = represent(method.encoder, part, device, beat=heartbeat.beat)
    if not torch.isfinite(h).all():
        raise Diverged("the trained encoder gives representations that are not finite; lower training.lr")
    projected = [z for rows in h.split(BATCH) if (z := method.project(rows)) is not None]
    extra = {name: torch.from_numpy(each.copy()).to(device) for name, each in part.extra_labels.items()}
    return Embeddings(h, labels, torch.cat(projected).float() if projected else None, extra)
