"""Clustering: k-means on the test split, as many clusters as classes, compared with the classes.

Xing, Ng, Jordan, Russell: Distance Metric Learning, with Application to Clustering with Side-Information, NIPS 2002,
section 3.2, has the accuracy over pairs. Nothing is chosen.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from probeline.core.events import Record
from probeline.core.metric import count, percentage
from probeline.core.settings import NameOf, Settings
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData, Protocol

NEEDS = ("labels",)
METRICS = {
    "nmi": percentage("normalised mutual information of k-means"),
    "ami": percentage("adjusted mutual information of k-means"),
    "pair_accuracy": percentage("pair accuracy of k-means"),
    "balanced_pair_accuracy": percentage("balanced pair accuracy of k-means"),
    "clusters": count("clusters of k-means"),
}
PRIMARY = "nmi"


class Config(Settings):
    """`starts`: of k-means++, drawn by the trial's seed; the clustering with the least squared distances counts.

    `normalise`: unit vectors, so that k-means goes by cosine.
    """

    label: Annotated[str | None, NameOf("labels")] = None
    space: Literal["h", "z"] = "h"
    normalise: bool = False
    starts: int = Field(10, ge=1)


class Clustering(Protocol[Config]):
    """How far clusters and classes agree. Samples without a label are clustered with the others and judged nowhere."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        from sklearn.metrics import adjusted_mutual_info_score, normalized_mutual_info_score

        spaces = data.test.spaces()
        if self.config.space not in spaces:
            raise NotApplicable("this method has no projector, so there is no z; cluster h")
        z = spaces[self.config.space].double().cpu().numpy()
        if not np.isfinite(z).all():
            raise NotApplicable("embeddings are not finite, so they cannot be clustered")
        labels = data.test.reveal(data.label_name(self.config.label)).cpu().numpy()
        there, classes = labels >= 0, len(np.unique(labels[labels >= 0]))
        if classes < 2:
            raise NotApplicable(f"clusters are compared with two classes or more; the test split has {classes}")
        clusters = k_means(z, classes, self.config, data.subject.seed)[there]
        labels = labels[there]
        yield Record("clusters", float(classes))
        yield Record("nmi", float(normalized_mutual_info_score(labels, clusters)))
        yield Record("ami", float(adjusted_mutual_info_score(labels, clusters)))
        plain, balanced = pair_accuracies(labels, clusters)
        yield Record("pair_accuracy", plain)
        if balanced is not None:
            yield Record("balanced_pair_accuracy", balanced)


def k_means(z: np.ndarray, clusters: int, config: Config, seed: int) -> np.ndarray:
    """The cluster [N] of each of z [N, D]; fewer than asked for where there are fewer different samples."""
    from sklearn.cluster import KMeans

    if config.normalise:
        z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    clusters = min(clusters, len(np.unique(z, axis=0)))
    return KMeans(clusters, n_init=config.starts, random_state=seed).fit_predict(z)


def pair_accuracies(labels: np.ndarray, clusters: np.ndarray) -> tuple[float, float | None]:
    """The share of pairs on which classes and clusters agree, and the same with both kinds of pairs weighing alike.

    The second, for more than two classes, draws pairs from one cluster and from two with probability one half each; it
    is None where all samples are in one cluster or each is in its own.
    """
    table = np.zeros((labels.max() + 1, clusters.max() + 1))
    np.add.at(table, (labels, clusters), 1)
    both, of_class, of_cluster = (_pairs(part).sum() for part in (table, table.sum(1), table.sum(0)))
    every = _pairs(np.array(len(labels), float))
    neither = every - of_class - of_cluster + both
    plain = float((both + neither) / every)
    if not of_cluster or of_cluster == every:
        return plain, None
    return plain, float((both / of_cluster + neither / (every - of_cluster)) / 2)


def _pairs(sizes: np.ndarray) -> np.ndarray:
    return sizes * (sizes - 1) / 2
