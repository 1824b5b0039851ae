"""MMC: a Mahalanobis metric that brings must-link pairs together and keeps cannot-link pairs apart.

E. Xing, A. Ng, M. Jordan, S. Russell, "Distance metric learning, with application to clustering with
side-information", NIPS 2002.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from probeline.core.dataset import Split
from probeline.methods._constraint_settings import ConstraintSettings
from probeline.methods._linear_map import LinearMap
from probeline.models.metric_learning.matrices import linear_map
from probeline.models.metric_learning.mmc import mmc_diagonal, mmc_full

TAKES = ("image", "waveform", "tokens", "series", "vector")
NEEDS = ("labels | pairs",)


class Config(ConstraintSettings):
    """`form`: a weight for each value of h (section 2.1), or a full matrix (section 2.2)."""

    form: Literal["diagonal", "full"] = "full"
    ridge: float = Field(
        1e-3, ge=0, description="`full`: share by which variances of must-link differences are raised."
    )


class MMC(LinearMap[Config]):
    """h is x under the metric, up to a rotation."""

    trains = False

    def learn(self, x: np.ndarray, split: Split) -> np.ndarray:
        pairs = self.constraints(split, self.config)
        differences, same = x[pairs.first] - x[pairs.second], np.asarray(pairs.same)
        must, cannot = differences[same], differences[~same]
        if self.config.form == "diagonal":
            return np.diag(np.sqrt(mmc_diagonal(must, cannot)))
        return linear_map(mmc_full(must, cannot, self.config.ridge))
