"""Deep triplet ranking network for one-shot recognition: pairs of a class against samples of others.

Ye, Guo: Deep Triplet Ranking Networks for One-Shot Recognition, arXiv 1804.07275.
"""

from typing import cast

from pydantic import Field
from torch import Tensor

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoder
from probeline.core.sampler import Sampler
from probeline.data.samplers import PerClass
from probeline.losses import triplet_ranking
from probeline.methods.base import require_labels
from probeline.methods.metric._embedding import MetricMethod
from probeline.methods.metric._metric_settings import PerClassSettings

TAKES = ("image", "waveform", "series", "vector")
NEEDS = ("labels",)


class Config(PerClassSettings):
    """The paper's margin; two samples of each class are one pair of positives.

    A class with one sample is in two views of it, as the paper forms pairs of its one-shot examples: give `augment`
    something that changes it, such as `affine`, or the two are equal.
    """

    per_class: int = Field(2, ge=2, description="K, samples of each class in a batch.")
    margin: float = Field(2.0, ge=0)
    normalise: bool = False


class TripletRanking(MetricMethod[Config]):
    """The triplet ranking loss over all triplets of a batch."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        require_labels(facts, "method triplet_ranking", every=False)

    def sampler(self, split: Split) -> Sampler:
        return PerClass(split.label(self.label), self.config.per_class)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Of z [B, D]; labels are `targets`."""
        labels = cast(Tensor, views.targets)
        return {"loss": triplet_ranking(outputs.z, labels, self.config.margin, self.config.normalise)}
