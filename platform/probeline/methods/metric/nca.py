"""NCA: a linear map under which stochastic nearest neighbours have the same label.

J. Goldberger, S. Roweis, G. Hinton, R. Salakhutdinov, "Neighbourhood Components Analysis", NIPS 2004.
"""

import numpy as np
from pydantic import Field

from probeline.core.dataset import DatasetInfo, Split
from probeline.core.settings import Settings
from probeline.methods._linear_map import LinearMap
from probeline.models.metric_learning.lfda import lfda
from probeline.models.metric_learning.nca import nca

TAKES = ("image", "waveform", "tokens", "series", "vector")
NEEDS = ("labels",)

SMALLEST = 1e-12
"""Length below which a discriminant is left as it is."""


class Config(Settings):
    """`dim`: the size of h, absent: as the encoder's; a smaller one starts from local discriminants (LFDA)."""

    dim: int | None = Field(None, ge=1)
    iterations: int = Field(200, ge=1, description="Of L-BFGS at most.")


class NCA(LinearMap[Config]):
    """h = L x, the problem is not convex: the start decides."""

    trains = False

    def size(self, config: Config, dim: int, facts: DatasetInfo) -> int:
        return min(config.dim or dim, dim)

    def learn(self, x: np.ndarray, split: Split) -> np.ndarray:
        rows, labels = self.labelled(x, split)
        size = self.encoder.dim
        start = np.eye(x.shape[1])
        if size < x.shape[1]:
            directions = lfda(rows, labels, size)
            start = directions / np.linalg.norm(directions, axis=1, keepdims=True).clip(SMALLEST)
        return nca(rows, labels, start, self.config.iterations)
