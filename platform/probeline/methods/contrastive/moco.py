"""MoCo: one view finds the other among the keys that a slow copy of the encoder made of earlier batches.

He, Fan, Wu, Xie, Girshick: Momentum Contrast for Unsupervised Visual Representation Learning, CVPR 2020,
arXiv 1911.05722; the head of two layers is MoCo v2's: Chen, Fan, Girshick, He 2020, arXiv 2003.04297.
"""

from functools import partial
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.device_constants import steps
from probeline.core.encoder import Encoder, Representation
from probeline.core.metric import percentage
from probeline.errors import BadData
from probeline.methods._two_view_settings import TwoViewSettings
from probeline.methods._two_views import TwoViews
from probeline.methods.base import top1
from probeline.models.ema import ema_copy, ema_update
from probeline.models.norm_groups import Groups, in_groups
from probeline.models.running_statistics import in_one_update
from probeline.models.shared_norm import batch_rows

TAKES = ("image", "waveform", "series", "vector")
GIVES = ("two_views",)
VERSION = 2  # running statistics move once a step since 2
METRICS = {"top1": percentage("training top-1 accuracy")}

QUEUE = 4096


class Config(TwoViewSettings):
    """Defaults are the authors' demo's for CIFAR-10: momentum 0.99, temperature 0.1, a queue of 4096, 8 groups.

    `queue`: None is 4096, or as many as there are training samples. `symmetric`: each view is a query once; without it
    the first view alone, at half the cost. The loss is then the mean over both queries, where the demo adds them up:
    SGD takes the demo's steps at twice its rate and half its weight decay. `projector`: the demo has a linear one; MoCo
    v2's is better.
    `norm_groups`: shuffling batch norm (section 3.3) on one device, see MoCo's docstring; 1 switches it off.
    """

    queue: int | None = Field(None, ge=1)
    temperature: float = Field(0.1, gt=0)
    momentum: float = Field(0.99, ge=0, le=1)
    symmetric: bool = False
    projector: Literal["linear", "nonlinear"] = "nonlinear"
    projector_dim: int = Field(128, ge=1)
    norm_groups: int = Field(8, ge=1)


class MoCo(TwoViews):
    """Algorithm 1.

    A query and its key must not share batch norm's statistics, or these tell which key is the right one. The paper
    spreads a batch over GPUs and shuffles the keys among them. Here a query's group are neighbours in the batch and a
    key's group are samples some rows apart, so that of a query's group only one in `norm_groups` is also in its key's.
    In evaluation both views are encoded, whatever `symmetric` is, so that protocols have their pairs.
    """

    queue: Tensor
    oldest: Tensor

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        size = min(QUEUE, facts.train_size) if config.queue is None else config.queue
        if size > facts.train_size:
            raise BadData(
                f"method moco: a queue of {size} keys for {facts.train_size} training samples would hold keys of the "
                f"query's own sample; lower method.queue or leave it out"
            )
        self.projector = _head(config, encoder.dim)
        self.key_encoder, self.key_projector = ema_copy(encoder), ema_copy(self.projector)
        self.register_buffer("queue", F.normalize(torch.randn(size, config.projector_dim), dim=1))
        self.register_buffer("oldest", torch.zeros((), dtype=torch.int64))

    def forward(self, views: Views) -> Outputs:
        first, second = views.inputs.chunk(2)
        symmetric = self.config.symmetric or not self.training
        pairs = [(first, second), (second, first)] if symmetric else [(first, second)]
        queries, others = zip(*pairs, strict=True)
        lengths = None if views.lengths is None else views.lengths[: len(first)]  # views of a sample are equally long
        h = torch.cat(in_one_update(self.encoder, queries, partial(self._queried, lengths=lengths)))
        with torch.no_grad():
            keys = torch.cat(in_one_update(self.key_encoder, others, partial(self._keys, lengths=lengths)))
        return Outputs(h, self.projector(h), {"keys": keys})

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 1: one positive against the queue, and how often the positive is the nearest."""
        logits = against_queue(outputs.z, outputs.extra["keys"].detach(), self.queue, self.config.temperature)
        right = torch.zeros(len(logits), dtype=torch.int64, device=logits.device)
        return {"loss": F.cross_entropy(logits, right), "top1": top1(logits, right)}

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        """Eq. 2; then the batch's keys replace the oldest in the queue."""
        ema_update(self.key_encoder, self.encoder, self.config.momentum)
        ema_update(self.key_projector, self.projector, self.config.momentum)
        keys = F.normalize(outputs.extra["keys"].float(), dim=1)[-len(self.queue) :]
        rows = (self.oldest + steps(len(keys), keys.device)) % len(self.queue)
        self.queue[rows] = keys
        self.oldest.copy_((self.oldest + len(keys)) % len(self.queue))

    def _queried(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """h [B, dim] of queries, by groups of neighbouring rows."""
        return in_groups(Representation(self.encoder), inputs, self._groups(inputs, apart=False), lengths)

    def _keys(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Keys [B, D], by groups of rows some way apart; in the order of the rows."""
        network = _Projected(Representation(self.key_encoder), self.key_projector)
        return in_groups(network, inputs, self._groups(inputs, apart=True), lengths)

    def _groups(self, inputs: Tensor, apart: bool) -> Groups:
        samples = batch_rows(inputs)
        count = max(1, min(self.config.norm_groups, samples // 2)) if self.training else 1
        return Groups(samples, count, apart)


class _Projected(nn.Module):
    """Projections of representations."""

    def __init__(self, representation: Representation, projector: nn.Module) -> None:
        super().__init__()
        self.representation, self.projector = representation, projector

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.projector(self.representation(x, lengths))


def against_queue(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """Logits [B, 1 + K] of queries [B, D] with their own keys [B, D], then with the queue's K unit vectors [K, D].

    In float32, also under autocast. Source: algorithm 1.
    """
    with torch.autocast(queries.device.type, enabled=False):
        queries, keys = F.normalize(queries.float(), dim=1), F.normalize(keys.float(), dim=1)
        own = (queries * keys).sum(1, keepdim=True)
        return torch.cat([own, queries @ queue.T], dim=1) / temperature


def _head(config: Config, inputs: int) -> nn.Module:
    """The last layer alone, or one hidden layer as wide as h before it; no batch norm."""
    last = nn.Linear(inputs, config.projector_dim)
    if config.projector == "linear":
        return last
    return nn.Sequential(nn.Linear(inputs, inputs), nn.ReLU(inplace=True), last)
