"""Collapse alarm: how far the l2-normalised embeddings spread, against a spread in all directions.

Chen and He: Exploring Simple Siamese Representation Learning, CVPR 2021, arXiv 2011.10566, section 4.1 and figure 2:
the standard deviation of z / |z|, per channel over the samples, averaged over channels. It is near 0 where all samples
have one embedding and 1 / sqrt(D) where embeddings are an isotropic Gaussian's.
"""

from collections.abc import Iterator
from math import inf
from pathlib import Path

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric
from probeline.core.settings import Settings
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData, Protocol

METRICS = {
    "collapsed": Metric("collapse alarm", direction="lower", bounds=(0.0, 1.0)),
    "<space>/collapsed": Metric("collapse alarm of <space>", direction="lower", bounds=(0.0, 1.0)),
    "<space>/std": Metric("spread of <space>", bounds=(0.0, inf), digits=4),
    "<space>/ratio": Metric("spread of <space> over an isotropic one", bounds=(0.0, inf)),
    "threshold": Metric("threshold of the collapse alarm"),
}
PRIMARY = "collapsed"


class Config(Settings):
    """`threshold`: the alarm goes off where the spread is below this share of 1 / sqrt(D). The paper names none."""

    threshold: float = Field(0.05, gt=0, lt=1)


class Collapse(Protocol[Config]):
    """On the samples of the test part, whose labels stay closed.

    For h and z: `std`, `ratio` = std * sqrt(D), and `collapsed`, 1 where ratio < threshold. Without a prefix,
    `collapsed` is 1 where either is.
    """

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        if len(data.test.h) < 2:
            raise NotApplicable("a spread needs two test samples or more; there is one")
        alarm = 0.0
        yield Record("threshold", self.config.threshold)
        for space, embeddings in data.test.spaces().items():
            std = spread(embeddings)
            ratio = std * embeddings.shape[1] ** 0.5
            collapsed = float(ratio < self.config.threshold)
            alarm = max(alarm, collapsed)
            yield Record(f"{space}/std", std)
            yield Record(f"{space}/ratio", ratio)
            yield Record(f"{space}/collapsed", collapsed)
        yield Record("collapsed", alarm)


def spread(embeddings: Tensor) -> float:
    """The std of the l2-normalised embeddings [N, D] over samples, averaged over channels."""
    return float(F.normalize(embeddings.double(), dim=1).std(0, correction=0).mean())
