"""k nearest neighbours by cosine similarity, weighted by exp(similarity / temperature).

Wu, Xiong, Yu, Lin: Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018,
arXiv 1805.01978, section 3.4. Nothing is chosen, so the validation part is not used.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Artifact, Record
from probeline.core.metric import classifier_metrics, count
from probeline.evaluation._classification import report, require_labels
from probeline.evaluation._probe_settings import JudgedBy
from probeline.evaluation.base import EvaluationData, Protocol

NEEDS = ("labels",)
DETERMINISTIC = True
METRICS = {**classifier_metrics("kNN"), "k": count("neighbours of kNN")}
PRIMARY = "top1"

BLOCK = 1024
"""Queries at a time: memory is BLOCK times the number of training samples."""


class Config(JudgedBy):
    """The paper's values for CIFAR-10. With fewer than `k` training samples all of them vote; `knn/k` says how many."""

    k: int = Field(200, ge=1)
    temperature: float = Field(0.1, gt=0)


class NearestNeighbours(Protocol[Config]):
    """Every test sample is labelled by its nearest training samples."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        data = data.of(self.config)
        require_labels(data)
        k = min(self.config.k, len(data.train.h))
        yield Record("k", float(k))
        keys = F.normalize(data.train.h, dim=1)
        blocks = F.normalize(data.test.h, dim=1).split(BLOCK)
        votes = [self._vote(block @ keys.T, data.train.labels, k, len(data.classes)) for block in blocks]
        yield from report(torch.cat(votes), data, folder)

    def _vote(self, similarity: Tensor, labels: Tensor, k: int, classes: int) -> Tensor:
        """[Q, K] probabilities from [Q, N] similarities to samples with `labels` [N]."""
        near, index = similarity.topk(k, dim=1)
        weight = (near / self.config.temperature).softmax(1)
        return torch.zeros(len(near), classes, device=near.device).scatter_add_(1, labels[index], weight)
