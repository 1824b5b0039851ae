"""Speech recognition by few transcripts: encoder and a linear layer fine-tuned by CTC, decoded greedily.

Graves, Fernández, Gomez, Schmidhuber: Connectionist Temporal Classification, ICML 2006. Baevski, Zhou, Mohamed, Auli:
wav2vec 2.0, arXiv 2006.11477, section 4.3: a random layer for characters and a word boundary on the context network.
Deviations for small budgets: no language model, no masks, the rate falls along a cosine without a warm-up, and no steps
of the layer alone. The rate is chosen by the error on validation; the test transcripts are read once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.events import Record
from probeline.core.lists import Segments
from probeline.core.metric import PERCENT, Metric, count
from probeline.core.settings import NameOf
from probeline.errors import NotApplicable
from probeline.evaluation._edit_distance import error_rate
from probeline.evaluation._fine_tuning import decayed
from probeline.evaluation._fraction_settings import FractionSettings, percent
from probeline.evaluation._frame_labels import label_names, some_rows
from probeline.evaluation._frozen_method import FrozenMethod
from probeline.evaluation.base import EvaluationData, Protocol
from probeline.models.time_pooling import real_frames
from probeline.models.waveforms import sample_lengths

VERSION = 2  # clips come in batches of about one length since 2
TAKES = ("waveform",)
NEEDS = ("segments", "frames")
METRICS = {
    "<share>/cer": Metric("character error rate, <share> of transcripts", PERCENT, "lower", (0.0, inf), 100.0, 1),
    "<share>/wer": Metric("word error rate, <share> of transcripts", PERCENT, "lower", (0.0, inf), 100.0, 1),
    "<share>/validation_cer": Metric(
        "character error rate on validation, <share> of transcripts", PERCENT, "lower", (0.0, inf), 100.0, 1
    ),
    "<share>/transcripts": count("transcripts of fine-tuning, <share> of all"),
    "<share>/lr": Metric("learning rate of CTC fine-tuning, <share> of transcripts", digits=5),
}
PRIMARY = "<share>/cer"

BLANK = 0
BOUNDARY = "|"
Texts = Mapping[int, Sequence[int]]
"""Row of a clip -> its characters, from 1 on; 0 is the blank."""

How = tuple[int, float, int]
"""Epochs, rate, number of characters."""


class Config(FractionSettings):
    """`lr`: Adam's, to choose from. `segments`: what is written, in order: a transcript's characters, or phones."""

    segments: Annotated[str, NameOf("segments")] = Field("characters", description="Which segments are spelt out.")
    epochs: tuple[int, ...] = (100, 60, 20)
    lr: tuple[float, ...] = Field((0.0005, 0.002), min_length=1)
    batch_size: int = Field(8, ge=1)


class Ctc(Protocol[Config]):
    """`1pct/cer`, `1pct/wer` and so on; a fresh copy of the encoder for every training."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        names, subject = label_names(data, self.config.segments), data.subject
        train, validation = (spelt(data.segments(part, self.config.segments)) for part in ("train", "validation"))
        written: dict[str, list[list[int]]] = {}
        for fraction, epochs in zip(self.config.fractions, self.config.epochs, strict=True):
            texts = self._some(train, fraction, subject.seed)
            name = percent(fraction)
            ways = [(epochs, lr, len(names)) for lr in sorted(self.config.lr)]
            tuned = (self._tune(subject, texts, validation, how) for how in ways)  # kept: one model
            best = min(tuned, key=lambda one: one.validation_cer)  # the first of equals: the lowest rate
            if best.validation_cer == inf:
                raise NotApplicable(f"with {name} of the transcripts the loss is not finite at any rate; lower `lr`")
            yield Record(f"{name}/transcripts", float(len(texts)))
            yield Record(f"{name}/lr", best.lr)
            yield Record(f"{name}/validation_cer", best.validation_cer)
            written[name] = transcribed(best.model, subject, "test", self.config.batch_size)
        test = spelt(data.test.reveal(self.config.segments))
        boundary = names.index(BOUNDARY) + 1 if BOUNDARY in names else None
        for name, guessed in written.items():
            yield Record(f"{name}/cer", _error(test, guessed))
            if boundary is not None:
                truth, guesses = ([words(text, boundary) for text in texts] for texts in _pairs(test, guessed))
                yield Record(f"{name}/wer", error_rate(truth, guesses))

    def _some(self, texts: Texts, fraction: float, seed: int) -> Texts:
        """A share of the transcripts by chance, one at least. Raises NotApplicable where there are none."""
        if not texts:
            raise NotApplicable("no clip of the training split has a transcript")
        rows = sorted(texts)
        chosen = some_rows(len(rows), max(1, round(fraction * len(rows))), seed)
        return {rows[row]: texts[rows[row]] for row in chosen.tolist()}

    def _tune(self, subject: FrozenMethod, texts: Texts, validation: Texts, how: How) -> "TunedRecogniser":
        lr, devices = how[1], [subject.device] if subject.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(subject.seed)
            model = self._trained(subject, texts, how)
        if not all(weight.isfinite().all() for weight in model.parameters()):
            return TunedRecogniser(lr, inf, model)
        cer = _error(validation, transcribed(model, subject, "validation", self.config.batch_size))
        return TunedRecogniser(lr, cer, model)

    def _trained(self, subject: FrozenMethod, texts: Texts, how: How) -> "Recogniser":
        (epochs, lr, characters), size = how, subject.frames("validation").values.shape[1]
        rows = torch.tensor(sorted(texts))
        few, spelling = subject.with_train_rows(rows), [texts[row] for row in rows.tolist()]
        each = -(-len(rows) // self.config.batch_size)
        epochs = max(epochs, -(-self.config.least_steps // each))
        model = Recogniser(subject.encoder(), size, characters).to(subject.device).train()
        optimizer = torch.optim.Adam(model.parameters(), lr)
        done = 0
        for epoch in range(epochs):
            for batch in few.batches("train", self.config.batch_size, epoch=epoch, shuffle=True, alike=True):
                optimizer.param_groups[0]["lr"] = lr * decayed(done, epochs * each, 0.0, "cosine")
                done += 1
                logits, lengths = model(batch.inputs, batch.lengths)
                loss = ctc_loss(logits, lengths, [spelling[row] for row in batch.index.tolist()])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                optimizer.step()
        return model


class Recogniser(nn.Module):
    """An encoder and a linear layer on its frames of `size` numbers."""

    def __init__(self, encoder: nn.Module, size: int, characters: int) -> None:
        super().__init__()
        self.encoder, self.head = encoder, nn.Linear(size, characters + 1)

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Logits [B, T, characters + 1], the blank first, and the frames that are real, [B]."""
        encoded = self.encoder(x, lengths)
        return self.head(encoded.frames), sample_lengths(encoded.frames, encoded.lengths)


@dataclass(frozen=True)
class TunedRecogniser:
    """What a training came to: its rate, its error on validation (inf where it diverged), and the model."""

    lr: float
    validation_cer: float
    model: Recogniser


def ctc_loss(logits: Tensor, lengths: Tensor, texts: Sequence[Sequence[int]]) -> Tensor:
    """Minus the log probability of each text over its characters, the mean over clips; too few frames for one count 0.

    logits: [B, T, characters + 1]; lengths: [B].
    """
    targets = torch.tensor([character for text in texts for character in text], device=logits.device)
    sizes = torch.tensor([len(text) for text in texts], device=logits.device)
    likely = logits.float().log_softmax(2).transpose(0, 1)
    return F.ctc_loss(likely, targets, lengths, sizes, blank=BLANK, zero_infinity=True)


@torch.no_grad()
def transcribed(model: Recogniser, subject: FrozenMethod, part: str, batch_size: int) -> list[list[int]]:
    """What the model writes for every clip of a split, in its order."""
    model.eval()
    texts: dict[int, list[int]] = {}
    for batch in subject.batches(part, batch_size, alike=True):
        texts |= zip(batch.index.tolist(), greedy(*model(batch.inputs, batch.lengths)), strict=True)
    return [texts[row] for row in sorted(texts)]


def greedy(logits: Tensor, lengths: Tensor) -> list[list[int]]:
    """The likeliest symbol of each frame, repetitions once and blanks left out; logits: [B, T, K], lengths: [B]."""
    best = logits.argmax(2)
    new = torch.cat([torch.ones_like(best[:, :1], dtype=torch.bool), best[:, 1:] != best[:, :-1]], dim=1)
    keep = new & (best != BLANK) & real_frames(lengths, best.shape[1])
    return [row[some].tolist() for row, some in zip(best, keep, strict=True)]


def spelt(segments: Segments) -> Texts:
    """The characters of each clip that has some. Raises ValueError for hidden ones."""
    if segments.labels is None:
        raise ValueError("the labels of these segments are hidden")
    order = np.lexsort((np.arange(len(segments)), segments.starts, segments.rows))
    rows, labels = segments.rows[order], segments.labels[order] + 1
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    return {int(rows[at]): part.tolist() for at, part in zip(starts, np.split(labels, starts[1:]), strict=True)}


def words(text: Sequence[int], boundary: int) -> list[tuple[int, ...]]:
    """A text cut at its boundaries."""
    ends = [-1, *(at for at, symbol in enumerate(text) if symbol == boundary), len(text)]
    cut = (tuple(text[start + 1 : stop]) for start, stop in pairwise(ends))
    return [word for word in cut if word]


def _pairs(texts: Texts, written: Sequence[Sequence[int]]) -> tuple[list[Sequence[int]], list[Sequence[int]]]:
    """References and guesses of the clips that have a transcript."""
    rows = sorted(texts)
    return [texts[row] for row in rows], [written[row] for row in rows]


def _error(texts: Texts, written: Sequence[Sequence[int]]) -> float:
    if not texts:
        raise NotApplicable("no clip of the validation or the test split has a transcript")
    return error_rate(*_pairs(texts, written))
