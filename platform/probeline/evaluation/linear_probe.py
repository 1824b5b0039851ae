"""Linear probe: multinomial logistic regression on the frozen representation.

As the transfer protocol of SimCLR (arXiv 2002.05709, B.8) and Kornblith et al. 2019 (arXiv 1805.08974): no
augmentation, L-BFGS, the L2 penalty from a grid by validation accuracy. The test part is read once, at the end.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from probeline.evaluation._classification import report, require_labels
from probeline.evaluation._softmax_regression import fit, principal_axes
from probeline.evaluation.base import Evidence, Protocol
from probeline.records import Artifact, Record
from probeline.spec.settings import Settings


class Config(Settings):
    """`l2`: penalties to choose from, in units of mean cross entropy. `standardise`: each feature to mean 0, std 1."""

    l2: tuple[float, ...] = Field((1e-5, 1e-4, 1e-3, 1e-2, 1e-1), min_length=1)
    standardise: bool = True
    iterations: int = Field(300, ge=1)


PATIENCE = 2
"""Penalties in a row that validate worse than the best before the search ends."""


class LinearProbe(Protocol):
    """Fits on train, chooses the penalty on validation, reports on test.

    Penalties are tried from the strongest to the weakest, each from the solution of the one before; of equals the
    stronger is taken, and two in a row that are worse end the search. The validation part is not added to the
    training part for a last fit, so the chosen model is the judged one.
    """

    def evaluate(self, known: Evidence, folder: Path) -> Iterator[Record | Artifact]:
        require_labels(known)
        prepare = self._preparation(known.train.h)
        train, validation = prepare(known.train.h), prepare(known.validation.h)
        best, best_top1, best_l2, model, worse = None, -1.0, 0.0, None, 0
        for l2 in sorted(self.config.l2, reverse=True):
            model = fit(train, known.train.labels, len(known.classes), l2, model, self.config.iterations)
            top1 = float((model.probabilities(validation).argmax(1) == known.validation.labels).float().mean())
            worse = worse + 1 if top1 < best_top1 else 0
            if top1 > best_top1:
                best, best_top1, best_l2 = model, top1, l2
            if worse == PATIENCE:
                break
        yield Record("l2", best_l2)
        yield Record("validation_top1", best_top1)
        yield from report(best.probabilities(prepare(known.test.h)), known, folder)

    def _preparation(self, h: Tensor) -> Callable[[Tensor], Tensor]:
        """Centres, standardises if asked to, and turns features to the principal axes of the training part's h."""
        mean = h.mean(0)
        scale = h.std(0, correction=0).clamp(min=1e-6) if self.config.standardise else torch.ones_like(mean)
        axes = principal_axes((h - mean) / scale)
        return lambda features: ((features - mean) / scale) @ axes
