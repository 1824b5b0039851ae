"""Alignment of two views of a sample, and uniformity of all samples on the sphere.

Wang and Isola: Understanding Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere,
ICML 2020, arXiv 2005.10242, section 4:
L_align = E |f(x) - f(y)|^alpha over positive pairs, L_uniform = log E exp(-t |f(x) - f(y)|^2) over pairs of samples,
f l2-normalised; lower is better for both. The paper takes z; h stands beside it.
"""

from collections.abc import Iterator
from math import inf
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric, count
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData, Protocol

METRICS = {
    "alignment/<space>": Metric("alignment of <space>", direction="lower", bounds=(0.0, inf)),
    "uniformity/<space>": Metric("uniformity of <space>", direction="lower", bounds=(-inf, 0.0)),
    "samples": count("samples of alignment and uniformity"),
}
PRIMARY = "uniformity/h"

BLOCK = 1024
"""Rows of the matrix of distances at a time."""


class Config(Settings):
    """The paper's `alpha` and `t`; `samples`: of the test part, all where there are fewer."""

    alpha: float = Field(2.0, gt=0)
    t: float = Field(2.0, gt=0)
    samples: int = Field(4096, ge=2)


class AlignmentUniformity(Protocol[Config]):
    """On the test part's samples, which no method has trained on; its labels stay closed.

    Uniformity is of the samples as they are, so a method without views has it too; alignment is of the method's views.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        if len(data.test.h) < 2:
            raise NotApplicable("uniformity needs two test samples or more; there is one")
        yield Record("samples", float(min(self.config.samples, len(data.test.h))))
        for space, embeddings in data.test.spaces().items():
            yield Record(f"uniformity/{space}", uniformity(embeddings[: self.config.samples], self.config.t))
        for space, (a, b) in data.subject.pairs("test", self.config.samples).spaces().items():
            yield Record(f"alignment/{space}", alignment(a, b, self.config.alpha))


def alignment(a: Tensor, b: Tensor, alpha: float = 2.0) -> float:
    """a, b: [N, D], row by row two views of a sample, not yet normalised; from 0 to 2^alpha."""
    return float((F.normalize(a.double(), dim=1) - F.normalize(b.double(), dim=1)).norm(dim=1).pow(alpha).mean())


def uniformity(x: Tensor, t: float = 2.0) -> float:
    """x: [N, D], not yet normalised -> the log of the mean kernel over the N (N - 1) / 2 pairs; from -4 t to 0."""
    x = F.normalize(x.double(), dim=1)
    n = len(x)
    total = sum(float(torch.exp(2 * t * (block @ x.T - 1)).sum()) for block in x.split(BLOCK))
    own = float(torch.exp(2 * t * (x.square().sum(1) - 1)).sum())
    return float(torch.log(torch.tensor((total - own) / (n * (n - 1)), dtype=torch.float64)))
