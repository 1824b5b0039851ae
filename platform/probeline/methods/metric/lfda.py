"""LFDA: Fisher's discriminant analysis in which only near samples of a class are to be close.

M. Sugiyama, "Dimensionality Reduction of Multimodal Labeled Data by Local Fisher Discriminant Analysis", JMLR 2007.
"""

import numpy as np
from pydantic import Field

from probeline.core.dataset import DatasetInfo, Split
from probeline.core.settings import Settings
from probeline.methods._linear_map import LinearMap
from probeline.models.metric_learning.lfda import lfda

TAKES = ("image", "waveform", "tokens", "series", "vector")
NEEDS = ("labels",)


class Config(Settings):
    """`dim`: the size of h, absent: one less than there are classes, as for Fisher's discriminants."""

    dim: int | None = Field(None, ge=1)
    neighbours: int = Field(7, ge=1, description="The neighbour of its class whose distance is a sample's local scale.")
    ridge: float = Field(1e-3, ge=0, description="Share by which each variance within classes is raised.")


class LFDA(LinearMap[Config]):
    """h: the discriminants, the strongest first."""

    trains = False

    def size(self, config: Config, dim: int, facts: DatasetInfo) -> int:
        return max(1, min(config.dim or len(facts.classes) - 1, dim))

    def learn(self, x: np.ndarray, split: Split) -> np.ndarray:
        rows, labels = self.labelled(x, split)
        return lfda(rows, labels, self.encoder.dim, self.config.neighbours, self.config.ridge)
