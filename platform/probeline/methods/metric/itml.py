"""ITML: the metric nearest to Euclid's under which must-link pairs are near and cannot-link pairs far.

J. Davis, B. Kulis, P. Jain, S. Sra, I. Dhillon, "Information-Theoretic Metric Learning", ICML 2007.
"""

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.methods._constraint_settings import ConstraintSettings
from probeline.methods._linear_map import LinearMap
from probeline.models.metric_learning.itml import distance_bounds, itml
from probeline.models.metric_learning.matrices import linear_map

TAKES = ("image", "waveform", "tokens", "series", "vector")
NEEDS = ("labels | pairs",)


class Config(ConstraintSettings):
    """Bounds are quantiles of squared distances in the training split (section 5)."""

    slack: float = Field(1.0, gt=0, description="gamma: the weight of the bounds against staying near Euclid's metric.")
    sweeps: int = Field(100, ge=1, description="Over all constraints at most; they end when the metric stands still.")
    share: float = Field(0.05, gt=0, lt=0.5, description="Quantile of the upper bound; the lower one is at 1 - share.")


class ITML(LinearMap[Config]):
    """h is x under the metric, up to a rotation."""

    trains = False

    def learn(self, x: np.ndarray, split: Split) -> np.ndarray:
        pairs = self.constraints(split, self.config)
        bounds = distance_bounds(x, self.config.share)
        differences, same = x[pairs.first] - x[pairs.second], np.asarray(pairs.same)
        return linear_map(itml(differences, same, bounds, self.config.slack, self.config.sweeps))
