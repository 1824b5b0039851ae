"""The contrastive task as a test: find the other view among N candidates; what that says of mutual information.

Accuracy and entropy: Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual
Representations, ICML 2020, arXiv 2002.05709, table 5 ("contrastive acc.", "entropy", over 4,096 examples).
Bound: van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, 2018, arXiv 1807.03748,
section 2.3: I(a; b) >= log N - loss, in nats; that it holds for any way to score pairs: Poole et al.: On Variational
Bounds of Mutual Information, ICML 2019, arXiv 1905.06922, section 2.3. It can never exceed its ceiling log N, so a
bound near the ceiling says that N is too small, not how large I is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, log
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Artifact, Record
from probeline.core.method import Method
from probeline.core.metric import Metric, count, percentage
from probeline.core.settings import Settings, components
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData, Protocol
from probeline.plugins import catalog

NEEDS = ("two_views",)
METRICS = {
    "accuracy": percentage("contrastive task accuracy"),
    "chance": percentage("contrastive task accuracy by chance", "none"),
    "entropy": Metric("contrastive task entropy", "nats", "lower", (0.0, inf), digits=2),
    "loss": Metric("contrastive task loss", "nats", "lower", (0.0, inf)),
    "bound": Metric("bound on mutual information", "nats", "higher"),
    "ceiling": Metric("ceiling of the bound on mutual information", "nats"),
    "candidates": count("candidates of the contrastive task"),
    "temperature": Metric("temperature of the contrastive task"),
}
PRIMARY = "accuracy"

BLOCK = 1024
"""Anchors at a time: memory is BLOCK times the number of candidates."""
COOL = 0.1
"""The temperature for a method that has none of its own: SimCLR's for ImageNet."""


class Config(Settings):
    """`candidates`: the paper's number; with fewer test samples, all of them. `contrastive/candidates` says how many.

    `temperature`: of the softmax. Absent: the method's own, or 0.1 where it has none. Accuracy does not depend on it.
    """

    candidates: int = Field(4096, ge=2)
    temperature: float | None = Field(None, gt=0)


@dataclass(frozen=True)
class SimilarityScores:
    """Means over the anchors: the loss and the entropy in nats, the share of anchors whose positive comes first."""

    loss: float
    entropy: float
    accuracy: float


class Contrastive(Protocol[Config]):
    """Each sample's one view against the other views of N samples, and the other way round.

    On the test part's samples, which no method has trained on, so that the bound is one; its labels stay closed.
    Similarity is the cosine, or the dot product where the method's loss does not normalise.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        pairs = data.subject.pairs("test", self.config.candidates)
        count = len(pairs)
        if count < 2:
            raise NotApplicable("to find one view among others needs two test samples or more; there is one")
        za, zb = pairs.spaces()["z"]
        method = data.subject.method
        if own(method, "normalise", True):
            za, zb = F.normalize(za, dim=1), F.normalize(zb, dim=1)
        temperature = self.config.temperature or own(method, "temperature", COOL)
        task = scores(za, zb, temperature)
        yield Record("candidates", float(count))
        yield Record("temperature", temperature)
        yield Record("accuracy", task.accuracy)
        yield Record("chance", 1 / count)
        yield Record("entropy", task.entropy)
        yield Record("loss", task.loss)
        yield Record("bound", log(count) - task.loss)
        yield Record("ceiling", log(count))


def scores(za: Tensor, zb: Tensor, temperature: float) -> SimilarityScores:
    """Of views za, zb: [N, D] row by row, each against the N of the other side; the mean of both directions.

    Of k candidates that come first together, as all do after a collapse, each counts 1/k.
    """
    sums = _sums(za, zb, temperature) + _sums(zb, za, temperature)
    return SimilarityScores(*(sums / (2 * len(za))).tolist())


def _sums(anchors: Tensor, candidates: Tensor, temperature: float) -> Tensor:
    """[3] loss, entropy and hits, summed over the anchors in float64."""
    total = torch.zeros(3, dtype=torch.float64, device=anchors.device)
    for start in range(0, len(anchors), BLOCK):
        logits = anchors[start : start + BLOCK] @ candidates.T / temperature
        logs = logits.log_softmax(1)
        first = logits == logits.amax(1, keepdim=True)
        hit = first.diagonal(start) / first.sum(1)
        entropy = -(logs.exp() * logs).sum(1)
        total += torch.stack([-logs.diagonal(start).sum(), entropy.sum(), hit.sum()]).double()
    return total


def own(method: Method, name: str, default: Any) -> Any:
    """A parameter of the method, or of the loss that it holds; `default` where neither has it."""
    config: Settings = method.config
    parameter = getattr(config, name, None)
    for field, kind in components(type(config)):
        value = getattr(config, field)
        if parameter is None and kind == "losses" and isinstance(value, dict):
            parameter = getattr(catalog.settings("losses", value), name, None)
    return default if parameter is None else parameter
