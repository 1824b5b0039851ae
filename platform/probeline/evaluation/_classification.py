"""What every classifying protocol reports of its probabilities on the test part."""

import csv
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData
from probeline.storage.spreadsheet_text import inert

BINS = 15


def require_labels(data: EvaluationData) -> None:
    """Raises NotApplicable unless every training and validation sample has a label, and there are two classes."""
    for part, labels in (("training", data.train.labels), ("validation", data.validation.labels)):
        missing = int((labels < 0).sum())
        if missing:
            raise NotApplicable(f"it needs labels, and {missing} of {len(labels)} {part} samples have none")
    if len(data.classes) < 2:
        raise NotApplicable(f"it needs two classes or more, and the data have {len(data.classes)}")


def opened(data: EvaluationData) -> Tensor:
    """The test labels, read now. Raises NotApplicable where some are missing."""
    labels = data.test.reveal()
    missing = int((labels < 0).sum())
    if missing:
        raise NotApplicable(f"it needs labels, and {missing} of {len(labels)} test samples have none")
    return labels


def report(probabilities: Tensor, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
    """`top1`, `ece`, `top1/<class>` and the confusion matrix of [N, K] test probabilities; opens the test labels.

    A class has its own name in its metric's, whatever that is made of: what a store refuses it writes in another way.
    """
    yield from reported(probabilities, opened(data), data.classes, folder)


def reported(
    probabilities: Tensor, labels: Tensor, classes: tuple[str, ...], folder: Path
) -> Iterator[Record | Artifact]:
    """The same, of labels [N] that were opened before."""
    counts = confusion(probabilities.argmax(1), labels, len(classes))
    yield from scores(probabilities, labels)
    for name, row, right in zip(classes, counts, counts.diagonal(), strict=True):
        if row.sum() > 0:
            yield Record(f"top1/{name}", float(right / row.sum()))
    yield Artifact("confusion.csv", write_confusion(counts, classes, folder / "confusion.csv"))


def scores(probabilities: Tensor, labels: Tensor) -> Iterator[Record]:
    """`top1` and `ece` of [N, K] probabilities against labels [N]."""
    yield Record("top1", float((probabilities.argmax(1) == labels).float().mean()))
    yield Record("ece", calibration_error(probabilities, labels))


def confusion(predicted: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Counts [K, K] by (label, prediction), as in scikit-learn."""
    return torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def calibration_error(probabilities: Tensor, labels: Tensor) -> float:
    """Expected calibration error: |accuracy - confidence| over 15 equal bins of confidence, weighted by their share.

    Source: Guo et al. 2017 (arXiv 1706.04599), eq. 3.
    """
    confidence, predicted = probabilities.double().max(1)
    bins = (confidence * BINS).ceil().long().clamp(1, BINS) - 1
    gap = (predicted == labels).double() - confidence
    sums = torch.zeros(BINS, dtype=torch.float64, device=gap.device).index_add(0, bins, gap)
    return float(sums.abs().sum() / len(labels))


def write_confusion(counts: Tensor, classes: tuple[str, ...], path: Path) -> Path:
    """A CSV with a row a label and a column a prediction; a class whose name a spreadsheet computes has a quote."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        rows = csv.writer(file)
        names = [inert(name) for name in classes]
        rows.writerow(["label \\ predicted", *names])
        rows.writerows([name, *row] for name, row in zip(names, counts.tolist(), strict=True))
    return path
