"""Linear probe: multinomial logistic regression on the frozen representation.

As the transfer protocol of SimCLR (arXiv 2002.05709, B.8) and Kornblith et al. 2019 (arXiv 1805.08974): no
augmentation, L-BFGS, the L2 penalty from a grid by validation accuracy. The test part is read once, at the end.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from probeline.evaluation._classification import report, require_labels
from probeline.evaluation._softmax_regression import fit
from probeline.evaluation.base import Evidence, Protocol
from probeline.records import Artifact, Record
from probeline.spec.settings import Settings


class Config(Settings):
    """`l2`: penalties to choose from, in units of mean cross entropy. `standardise`: each feature to mean 0, std 1."""

    l2: tuple[float, ...] = Field((1e-5, 1e-4, 1e-3, 1e-2, 1e-1), min_length=1)
    standardise: bool = True
    iterations: int = Field(300, ge=1)


class LinearProbe(Protocol):
    """Fits on train, chooses the penalty on validation (ties: the stronger), reports on test.

    The validation part is not added to the training part for the last fit, so the chosen model is the judged one.
    """

    def evaluate(self, known: Evidence, folder: Path) -> Iterator[Record | Artifact]:
        require_labels(known)
        mean, scale = known.train.h.mean(0), 1.0
        if self.config.standardise:
            scale = known.train.h.std(0, correction=0).clamp(min=1e-6)
        train, validation = (known.train.h - mean) / scale, (known.validation.h - mean) / scale
        best, best_top1, best_l2, model = None, -1.0, 0.0, None
        for l2 in sorted(self.config.l2, reverse=True):
            model = fit(train, known.train.labels, len(known.classes), l2, model, self.config.iterations)
            top1 = float((model.probabilities(validation).argmax(1) == known.validation.labels).float().mean())
            if top1 > best_top1:
                best, best_top1, best_l2 = model, top1, l2
        yield Record("l2", best_l2)
        yield Record("validation_top1", best_top1)
        yield from report(best.probabilities((known.test.h - mean) / scale), known, folder)
