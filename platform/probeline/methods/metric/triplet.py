"""Triplet network: samples of a class are nearer to each other than to any of another class, by a margin.

Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015, arXiv 1503.03832; Hoffer, Ailon: Deep Metric Learning Using Triplet
Network, 2015, arXiv 1412.6622. Any other loss on labelled batches does as well, pytorch-metric-learning's among them.
"""

from inspect import signature
from typing import Annotated, Any, cast

from pydantic import Field, field_validator, model_validator
from torch import Tensor

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoder
from probeline.core.sampler import Sampler
from probeline.core.settings import Component
from probeline.data.samplers import PerClass
from probeline.errors import UserError
from probeline.methods._loss_settings import require_loss
from probeline.methods.base import loss_function, require_labels
from probeline.methods.metric._embedding import MetricMethod
from probeline.methods.metric._metric_settings import PerClassSettings

TAKES = ("image", "waveform", "series", "vector")
NEEDS = ("labels",)


class Config(PerClassSettings):
    """`loss`: one on classes, such as `triplet` (FaceNet's margin by default), or one on two views that takes labels.

    A loss on two views is given the samples of each class by twos; `per_class` is then even. pml/... takes them with
    `positives: labels`.
    """

    loss: Annotated[dict[str, Any], Component("losses")] = Field({"name": "triplet"})

    @field_validator("loss", mode="before")
    @classmethod
    def _on_classes(cls, loss: Any) -> Any:
        return require_loss(loss, "classes", "views")

    @model_validator(mode="after")
    def _labels_of_the_library(self) -> "Config":
        name = self.loss.get("name", "")
        if str(name).startswith("pml/") and self.loss.get("positives") != "labels":
            raise ValueError(f"loss {name} needs `positives: labels` here, as each sample has one view")
        return self


class Triplet(MetricMethod[Config]):
    """The loss of one batch of P classes with K samples each."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        require_labels(facts, "method triplet", every=False)
        self.compare = loss_function(config.loss)
        parameters = signature(self.compare).parameters
        self.by_twos = "za" in parameters
        if self.by_twos and ("labels" not in parameters or config.per_class % 2):
            raise UserError(
                f"method triplet: loss {config.loss['name']} takes two views; it must take labels too, and per_class "
                f"{config.per_class} must be even"
            )

    def sampler(self, split: Split) -> Sampler:
        return PerClass(split.label(self.label), self.config.per_class)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """The loss that the settings name, of z [B, D]; labels are `targets`."""
        z, labels = outputs.z, cast(Tensor, views.targets)
        if not self.by_twos:
            return {"loss": self.compare(z, labels)}
        return {"loss": self.compare(z[0::2], z[1::2], labels[0::2])}
