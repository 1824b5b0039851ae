"""Siamese network: one encoder for both samples of a pair, and a loss that knows whether the two are the same.

Bromley, Guyon, LeCun, Säckinger, Shah, NIPS 1993 (loss cosine_target); Hadsell, Chopra, LeCun, CVPR 2006 (contrastive);
Koch, Zemel, Salakhutdinov, ICML Deep Learning Workshop 2015 (bce).
"""

from typing import Annotated, Any, cast

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoder
from probeline.core.lists import PairList
from probeline.core.metric import percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.sampler import Sampler
from probeline.core.settings import Component, NameOf
from probeline.data.pair_sampler import BalancedPairs
from probeline.data.samplers import Pairs
from probeline.errors import BadData, NotApplicable
from probeline.losses.bce import l1_logits
from probeline.methods._loss_settings import require_loss
from probeline.methods.base import learned_by, loss_function, require_labels
from probeline.methods.metric._embedding import MetricMethod
from probeline.methods.metric._metric_settings import MetricSettings

TAKES = ("image", "waveform", "series", "vector")
NEEDS = ("labels | pairs",)
EPOCH = "pairs"
METRICS = {"same": percentage("share of equal pairs", "none")}


class Config(MetricSettings):
    """An epoch has `pairs` pairs, half of them equal; training.batch_size counts pairs.

    With `list` they are the data's own pairs of that name, and their answers, instead of pairs drawn from labels.
    """

    loss: Annotated[dict[str, Any], Component("losses")] = Field({"name": "contrastive"})
    pairs: int | None = Field(None, ge=2, description="Drawn from labels; as many as there are samples, if left out.")
    redraw: bool = Field(True, description="New pairs in every epoch; without it, the same in another order.")
    list: Annotated[str | None, NameOf("pairs")] = None

    @field_validator("loss", mode="before")
    @classmethod
    def _on_pairs(cls, loss: Any) -> Any:
        return require_loss(loss, "pairs")


class Siamese(MetricMethod[Config]):
    """Both samples pass the encoder together, so batch norm's statistics are those of 2B samples."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        if config.list is None:
            require_labels(facts, "method siamese", every=False)
        self.compare = loss_function(config.loss)
        if learned_by(config.loss):
            # The start is the plain L1 distance: the further apart, the less likely the same.
            self.weight = nn.Parameter(torch.full((self.dim,), -(self.dim**-0.5)))
            self.bias = nn.Parameter(torch.zeros(()))

    def sampler(self, split: Split) -> Sampler:
        config = self.config
        if config.list is None:
            return BalancedPairs(split.label(self.label), config.pairs or len(split), config.redraw)
        listed = split.lists.get(config.list)
        if not isinstance(listed, PairList) or not len(listed):
            raise BadData(
                f"method siamese: the training split has no pairs {config.list!r}; leave `list` out, or name "
                f"one of {', '.join(split.lists) or 'none'}"
            )
        return Pairs(listed, len(split))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """One view of every sample, [2B, ...]; `targets`: whether the two are the same, bool [B]."""
        if batch.same is None:
            raise NotApplicable("a siamese network's loss needs pairs of samples, and these are single ones")
        views = super().views(batch, rng)
        return Views(views.inputs, batch.same, lengths=views.lengths)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """The loss that the settings name, of za, zb [B, D]; and the share of equal pairs."""
        (za, zb), same = outputs.z.chunk(2), cast(Tensor, views.targets)
        learned = (self.weight, self.bias) if learned_by(self.config.loss) else ()
        return {"loss": self.compare(za, zb, same, *learned), "same": same.float().mean()}

    def similarity(self, za: Tensor, zb: Tensor) -> Tensor | None:
        """[P] log-odds that pairs of z [P, D] are the same, where the loss learned them; None: their distance tells."""
        return l1_logits(za, zb, self.weight, self.bias) if learned_by(self.config.loss) else None
