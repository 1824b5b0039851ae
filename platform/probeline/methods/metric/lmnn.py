"""LMNN: a metric under which a sample's neighbours of its class are nearer, by a margin, than all other classes.

K. Weinberger, L. Saul, "Distance Metric Learning for Large Margin Nearest Neighbor Classification", JMLR 2009.
"""

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.core.settings import Settings
from probeline.methods._linear_map import LinearMap
from probeline.models.metric_learning.lmnn import lmnn

TAKES = ("image", "waveform", "tokens", "series", "vector")
NEEDS = ("labels",)


class Config(Settings):
    """The paper's k = 3 target neighbours and mu = 0.5."""

    neighbours: int = Field(3, ge=1)
    push: float = Field(0.5, gt=0, lt=1, description="mu: the weight of impostors against that of target neighbours.")
    iterations: int = Field(200, ge=1, description="Of L-BFGS at most.")


class LMNN(LinearMap[Config]):
    """h is x under the metric."""

    trains = False

    def learn(self, x: np.ndarray, split: Split) -> np.ndarray:
        rows, labels = self.labelled(x, split)
        return lmnn(rows, labels, self.config.neighbours, self.config.push, self.config.iterations)
