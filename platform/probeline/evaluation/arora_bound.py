"""The quantities of the Arora (Saunshi) bound: what a low contrastive loss promises a classifier, and when nothing.

Arora, Khandeparkar, Khodak, Plevrakis, Saunshi: A Theoretical Analysis of Contrastive Unsupervised Representation
Learning, ICML 2019, arXiv 1902.09229, theorem 4.1 (lemma 4.3), one negative (k = 1):
L_mean <= (L_un - tau) / (1 - tau), where
L_un = E l(f(x) . (f(x+) - f(x-))), l(v) = log2(1 + exp(-v)) or max(0, 1 - v), so l(0) = 1;
L_mean = the same loss of telling two classes apart by their mean representations;
tau = sum over classes of their share squared: how often a negative has the class of its anchor.
The theorem's generalisation term, which nobody can compute for a deep net, is left out; it would make it weaker.
"""

from collections.abc import Callable, Iterator
from math import log
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric, count, loss_term
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation._classification import require_labels
from probeline.evaluation.base import EvaluationData, Protocol

NEEDS = ("labels", "two_views")
METRICS = {
    "<space>/bound": loss_term("Arora bound of <space>"),
    "<space>/unsupervised_loss": loss_term("unsupervised loss of <space>"),
    "<space>/mean_classifier_loss": loss_term("mean classifier loss of <space>"),
    "<space>/class_pairs_loss": loss_term("loss over pairs of a class of <space>"),
    "<space>/class_pairs_bound": loss_term("Arora bound over pairs of a class of <space>"),
    "<space>/holds": Metric("Arora bound of <space> holds", bounds=(0.0, 1.0)),
    "<space>/vacuous": Metric("Arora bound of <space> is vacuous", direction="lower", bounds=(0.0, 1.0)),
    "class_collision": Metric("class collision of the Arora bound", bounds=(0.0, 1.0)),
    "samples": count("samples of the Arora bound"),
}
PRIMARY = "h/bound"

TRIPLES = 2**16
"""Triples drawn for the loss over pairs of a class: its standard error is below 0.01 of the loss's spread."""

Loss = Callable[[Tensor], Tensor]


class Config(Settings):
    """`samples`: of the part, all where there are fewer. `radius`: of the sphere that f is put on."""

    loss: Literal["logistic", "hinge"] = "logistic"
    samples: int = Field(2048, ge=2)
    part: Literal["train", "validation"] = "validation"
    radius: float = Field(1.0, gt=0)


class AroraBound(Protocol[Config]):
    """For f = h and f = z: the left side, the right side, and two flags.

    `mean_classifier_loss`: the left side. `unsupervised_loss`: L_un with two views of one sample as (x, x+), as methods
    train; `bound`: the right side with it. The theorem assumes that x and x+ are any two samples of one class, which
    two views are not, so this inequality may fail: `holds` says. `class_pairs_loss` and `class_pairs_bound` are the
    same for samples of one class, for which it is a theorem. `vacuous` is 1 where the right side is at least 1, the
    loss of a representation that says nothing.

    The paper draws x- from all samples; here it is a view of another sample.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        require_labels(data)
        pairs = data.subject.pairs(self.config.part, self.config.samples)
        tau = class_collision(pairs.labels)
        if tau == 1:
            raise NotApplicable(f"the {len(pairs)} samples looked at have one class, so every negative has it too")
        loss = {"logistic": logistic_loss, "hinge": hinge_loss}[self.config.loss]
        generator = torch.Generator().manual_seed(data.subject.seed)
        yield Record("samples", float(len(pairs)))
        yield Record("class_collision", tau)
        for space, sides in pairs.spaces().items():
            a, b = (self.config.radius * F.normalize(side.double(), dim=1) for side in sides)
            both, labels = torch.cat([a, b]), torch.cat([pairs.labels, pairs.labels])
            unsupervised = view_pairs_loss(a, b, loss)
            supervised = class_pairs_loss(both, labels, loss, generator)
            classifier_loss, bound = mean_classifier_loss(both, labels, loss), (unsupervised - tau) / (1 - tau)
            yield Record(f"{space}/unsupervised_loss", unsupervised)
            yield Record(f"{space}/mean_classifier_loss", classifier_loss)
            yield Record(f"{space}/bound", bound)
            yield Record(f"{space}/holds", float(classifier_loss <= bound))
            yield Record(f"{space}/vacuous", float(bound >= 1))
            yield Record(f"{space}/class_pairs_loss", supervised)
            yield Record(f"{space}/class_pairs_bound", (supervised - tau) / (1 - tau))


def logistic_loss(v: Tensor) -> Tensor:
    """log2(1 + exp(-v)), 1 at v = 0."""
    return F.softplus(-v) / log(2)


def hinge_loss(v: Tensor) -> Tensor:
    """max(0, 1 - v), 1 at v = 0."""
    return (1 - v).clamp(min=0)


def class_collision(labels: Tensor) -> float:
    """tau of labels [N]: the chance that two draws, one by one and put back, have one class."""
    return float((torch.bincount(labels).double() / len(labels)).square().sum())


def view_pairs_loss(a: Tensor, b: Tensor, loss: Loss) -> float:
    """L_un with views a, b: [N, D] of one sample as (x, x+) and each other sample's b as x-."""
    products = a @ b.T
    values = loss(products.diagonal()[:, None] - products)
    return float((values.sum() - values.diagonal().sum()) / (len(a) * (len(a) - 1)))


def class_pairs_loss(f: Tensor, labels: Tensor, loss: Loss, generator: torch.Generator) -> float:
    """L_un of f: [N, D] with x+ of the class of x and x- of any, both put back: the mean of TRIPLES draws."""
    order = labels.argsort(stable=True)
    counts = torch.bincount(labels)
    starts = counts.cumsum(0) - counts
    rng = torch.rand(3, TRIPLES, generator=generator, dtype=torch.float64).to(f.device)
    anchor, negative = ((rng[i] * len(f)).long() for i in (0, 1))
    own = labels[anchor]
    positive = order[starts[own] + (rng[2] * counts[own]).long()]
    products = f @ f.T
    return float(loss(products[anchor, positive] - products[anchor, negative]).mean())


def mean_classifier_loss(f: Tensor, labels: Tensor, loss: Loss) -> float:
    """L_mean of f: [N, D]: over pairs of different classes by their shares, and the samples x of the first of them,
    the loss of f(x) . (mean of its class - mean of the other).
    """
    member = F.one_hot(labels).to(f)
    share = member.mean(0)
    means = (member.T @ f) / member.sum(0).clamp(min=1)[:, None]
    scores = f @ means.T
    values = loss(scores.gather(1, labels[:, None]) - scores)
    weight = share[None, :] * (1 - member)
    return float((values * weight).sum() / weight.sum())
