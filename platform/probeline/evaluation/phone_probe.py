"""Phone probe: the phone of a frame from the frozen encoder's frames, by a linear layer and by one hidden layer.

Van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, section 3.1 and
table 1. A frame has the phone that its middle lies in. The penalty, and when the perceptron's training ends, are chosen
on validation; the test part is read once. Where the data hold out speakers, so does this.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.events import Artifact, Note, Record
from probeline.core.metric import POINTS, Metric, count, percentage, probe_metrics
from probeline.core.settings import NameOf
from probeline.evaluation._classification import confusion, scores, write_confusion
from probeline.evaluation._clustered_error import clustered_error
from probeline.evaluation._frame_labels import FrameTimes, frame_labels, label_names, labelled_frames, some_rows
from probeline.evaluation._linear import choose, solver_notes
from probeline.evaluation._probe_settings import ProbeSettings
from probeline.evaluation.base import Embeddings, EvaluationData, Protocol

VERSION = 2  # it records its standard error since 2
TAKES = ("waveform", "series")
NEEDS = ("segments", "frames")
METRICS = {
    **probe_metrics("phone probe"),
    "top1": percentage("phone probe top-1 accuracy", standard_error="standard_error"),
    "error": percentage("phone probe error", "lower", standard_error="standard_error"),
    "standard_error": Metric("standard error of the phone probe from its test clips", POINTS, scale=100.0, digits=2),
    "guess": percentage("share of the most frequent phone"),
    "frames": count("training frames of the phone probe"),
    "mlp/top1": percentage("phone probe accuracy with one hidden layer", standard_error="mlp/standard_error"),
    "mlp/standard_error": Metric(
        "standard error of the phone probe with one hidden layer from its test clips", POINTS, scale=100.0, digits=2
    ),
    "mlp/validation_top1": percentage("phone probe validation accuracy with one hidden layer"),
}
PRIMARY = "top1"

BATCH = 512
RATE = 1e-3  # Adam's, of the perceptron
MAX_EPOCHS = 30
PATIENCE = 3  # epochs that validate no better before the perceptron's training ends


class Config(ProbeSettings):
    """The paper's probes see all frames of 100 hours; here `frames` of them, drawn by the trial's seed."""

    segments: Annotated[str, NameOf("segments")] = Field("phones", description="Which segments give frames a label.")
    layer: int | None = Field(None, description="A layer's frames, 0 the first; null: those of the output.")
    frames: int | None = Field(60_000, ge=1, description="Training frames that are drawn; null: all.")
    hidden: int | None = Field(None, ge=1, description="Units of the hidden layer; null: the linear probe alone.")


class PhoneProbe(Protocol[Config]):
    """`top1` by frames, `top1/<phone>`, and `mlp/top1` where there is a hidden layer."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact | Note]:
        config, names = self.config, label_names(data, self.config.segments)
        train, validation = (self._known(data, part) for part in ("train", "validation"))
        test, times = data.subject.frames("test", config.layer), FrameTimes.of(data)
        yield Record("frames", float(len(train.h)))
        chosen = choose(train, validation, len(names), config)
        yield from solver_notes(chosen.unconverged, config.iterations)
        yield Record("l2", chosen.l2)
        yield Record("validation_top1", chosen.validation_top1)
        deep = None
        if config.hidden is not None:
            deep = perceptron(train, validation, len(names), config.hidden, data.subject.seed)
            yield Record("mlp/validation_top1", deep.validation_top1)
        labels = frame_labels(test, data.test.reveal(config.segments), times)
        test_h, clips, labels = test.values[labels >= 0], test.samples()[labels >= 0], labels[labels >= 0]
        probabilities = chosen.probabilities(test_h)
        yield from self._report(probabilities, labels, names, folder)
        yield from _standard_error("standard_error", probabilities.argmax(1) == labels, clips)
        yield Record("guess", float(labels.bincount().max() / len(labels)))
        if deep is not None:
            right = deep.logits(test_h).argmax(1) == labels
            yield Record("mlp/top1", float(right.float().mean()))
            yield from _standard_error("mlp/standard_error", right, clips)

    def _known(self, data: EvaluationData, part: str) -> Embeddings:
        """Frames with labels: of the training split a random number, of validation all."""
        h, labels = labelled_frames(data, part, self.config.segments, self.config.layer)
        rows = some_rows(len(h), self.config.frames if part == "train" else None, data.subject.seed).to(h.device)
        return Embeddings(h[rows], labels[rows])

    def _report(
        self, probabilities: Tensor, labels: Tensor, names: tuple[str, ...], folder: Path
    ) -> Iterator[Record | Artifact]:
        counts = confusion(probabilities.argmax(1), labels, len(names))
        yield from scores(probabilities, labels)
        yield Record("error", float(1 - counts.diagonal().sum() / counts.sum()))
        for name, row, right in zip(names, counts, counts.diagonal(), strict=True):
            if row.sum() > 0:
                yield Record(f"top1/{name}", float(right / row.sum()))
        yield Artifact("confusion.csv", write_confusion(counts, names, folder / "confusion.csv"))


def _standard_error(name: str, right: Tensor, clips: Tensor) -> Iterator[Record]:
    error = clustered_error(right, clips)
    if error is not None:
        yield Record(name, error)


class Perceptron(nn.Module):
    """One hidden layer on standardised frames."""

    def __init__(self, frames: Tensor, hidden: int, classes: int) -> None:
        super().__init__()
        self.mean, self.scale = frames.mean(0), frames.std(0, correction=0).clamp(min=1e-6)
        self.layers = nn.Sequential(nn.Linear(frames.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, classes))
        self.validation_top1 = 0.0

    def forward(self, frames: Tensor) -> Tensor:
        return self.layers((frames - self.mean) / self.scale)

    @torch.no_grad()
    def logits(self, frames: Tensor) -> Tensor:
        """[F, classes], in blocks."""
        return torch.cat([self(block) for block in frames.split(64 * BATCH)])


def perceptron(train: Embeddings, validation: Embeddings, classes: int, hidden: int, seed: int) -> Perceptron:
    """The perceptron at the epoch that validates best; frames are shuffled and weights drawn by `seed`."""
    device = train.h.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.enable_grad():
        torch.manual_seed(seed)
        model = Perceptron(train.h, hidden, classes).to(device)
        optimizer = torch.optim.Adam(model.parameters(), RATE)
        best = {key: value.clone() for key, value in model.state_dict().items()}
        waited = 0
        for _ in range(MAX_EPOCHS):
            for rows in torch.randperm(len(train.h)).to(device).split(BATCH):
                optimizer.zero_grad(set_to_none=True)
                F.cross_entropy(model(train.h[rows]), train.labels[rows]).backward()
                optimizer.step()
            top1 = float((model.logits(validation.h).argmax(1) == validation.labels).float().mean())
            waited += 1
            if top1 > model.validation_top1:
                model.validation_top1, waited = top1, 0
                best = {key: value.clone() for key, value in model.state_dict().items()}
            if waited == PATIENCE:
                break
    model.load_state_dict(best)
    return model
