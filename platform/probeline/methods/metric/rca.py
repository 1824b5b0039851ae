"""RCA: whitening by the covariance within groups of samples that must-link pairs join.

A. Bar-Hillel, T. Hertz, N. Shental, D. Weinshall, "Learning a Mahalanobis Metric from Equivalence Constraints", JMLR
2005.
"""

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.methods._constraint_settings import ConstraintSettings
from probeline.methods._linear_map import LinearMap
from probeline.models.metric_learning.rca import chunklets, rca

TAKES = ("image", "waveform", "tokens", "series", "vector")
NEEDS = ("labels | pairs",)


class Config(ConstraintSettings):
    """Cannot-link pairs are not used."""

    ridge: float = Field(1e-3, ge=0, description="Share by which each variance within groups is raised.")


class RCA(LinearMap[Config]):
    """h is x with variance 1 in all directions within groups."""

    trains = False

    def learn(self, x: np.ndarray, split: Split) -> np.ndarray:
        pairs = self.constraints(split, self.config)
        same = np.asarray(pairs.same)
        joined = np.stack([pairs.first[same], pairs.second[same]], axis=1)
        return rca(x, chunklets(len(x), joined), self.config.ridge)
