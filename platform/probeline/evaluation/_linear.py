"""Multinomial logistic regression whose penalty is chosen on validation: what all linear probes share."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from probeline.core.events import Artifact, Note, Record
from probeline.errors import NotApplicable
from probeline.evaluation._classification import report, require_labels
from probeline.evaluation._probe_settings import ProbeSettings
from probeline.evaluation._softmax_regression import SoftmaxRegression, fit, principal_axes
from probeline.evaluation.base import Embeddings, EvaluationData

PATIENCE = 2
"""Penalties in a row that validate worse than the best before the search ends."""


@dataclass(frozen=True)
class SelectedProbe:
    """The model that validates best, its penalty and its accuracy there; penalties whose fit did not converge."""

    l2: float
    validation_top1: float
    model: SoftmaxRegression
    prepare: Callable[[Tensor], Tensor]
    unconverged: tuple[float, ...] = ()

    def probabilities(self, features: Tensor) -> Tensor:
        """[N, K] for features: [N, D]."""
        return self.model.probabilities(self.prepare(features))


def choose(train: Embeddings, validation: Embeddings, classes: int, settings: ProbeSettings) -> SelectedProbe:
    """Fits `h` of train, penalty by penalty, and takes the one whose accuracy on validation is highest.

    Penalties are tried from the strongest to the weakest, each from the solution of the one before; of equals the
    stronger is taken, and two in a row that are worse end the search. The validation part is not added to the
    training part for a last fit, so the chosen model is the judged one.
    """
    prepare = preparation(train.h, settings.standardise)
    seen, unseen = prepare(train.h), prepare(validation.h)
    best, model, worse, unconverged = None, None, 0, []
    for l2 in sorted(settings.l2, reverse=True):
        model = fit(seen, train.labels, classes, l2, model, settings.iterations)
        unconverged += [] if model.converged else [l2]
        top1 = float((model.probabilities(unseen).argmax(1) == validation.labels).float().mean())
        worse = worse + 1 if best is not None and top1 < best.validation_top1 else 0
        if best is None or top1 > best.validation_top1:
            best = SelectedProbe(l2, top1, model, prepare)
        if worse == PATIENCE:
            break
    assert best is not None, "settings have one penalty or more"
    return replace(best, unconverged=tuple(unconverged))


def solver_notes(unconverged: Collection[float], iterations: int) -> Iterator[Note]:
    """A note that names the penalties whose fit a limit of `iterations` ended short of its optimum; none without."""
    if unconverged:
        penalties = ", ".join(f"{l2:g}" for l2 in sorted(set(unconverged)))
        yield Note("solver", f"not at its optimum after {iterations} iterations at l2 {penalties}: raise `iterations`")


def preparation(h: Tensor, standardise: bool) -> Callable[[Tensor], Tensor]:
    """Centres, standardises if asked to, and turns features to the principal axes of the training part's h."""
    mean = h.mean(0)
    scale = h.std(0, correction=0).clamp(min=1e-6) if standardise else torch.ones_like(mean)
    axes = principal_axes((h - mean) / scale)
    return lambda features: ((features - mean) / scale) @ axes


def probe(
    data: EvaluationData, space: str, settings: ProbeSettings, folder: Path
) -> Iterator[Record | Artifact | Note]:
    """Fits on train, chooses on validation, reports on test, of the features `h` or `z`."""
    require_labels(data)
    train, validation, test = (part.spaces().get(space) for part in (data.train, data.validation, data.test))
    if train is None or validation is None or test is None:
        name = type(data.subject.method).__name__
        raise NotApplicable(f"{name} has no projector, so there is no {space} beside h to probe")
    seen, unseen = Embeddings(train, data.train.labels), Embeddings(validation, data.validation.labels)
    chosen = choose(seen, unseen, len(data.classes), settings)
    yield from solver_notes(chosen.unconverged, settings.iterations)
    yield Record("l2", chosen.l2)
    yield Record("validation_top1", chosen.validation_top1)
    yield from report(chosen.probabilities(test), data, folder)
