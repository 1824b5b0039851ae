"""Instance discrimination: classify every sample as itself, against all others in a memory bank.

Wu, Xiong, Yu, Lin: Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018,
arXiv 1805.01978.
"""

import math

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.metric import Metric, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.data.augment.views import augment
from probeline.data.images.augment.settings import Augment, Augmentation
from probeline.errors import BadData
from probeline.methods.base import top1, training_rows

TAKES = ("image", "waveform", "series", "vector")
METRICS = {
    "top1": percentage("training top-1 accuracy"),
    "moved": Metric("training movement of the remembered vectors"),
}

NORMALISER_MOMENTUM = 0.9
"""Of the old estimate of Z, batch by batch."""


class Config(Settings):
    """Defaults are the authors' code's for CIFAR-10: all samples as negatives, temperature 0.1, no proximal term.

    `negatives`: m of noise-contrastive estimation (eq. 8), None for the full softmax (eq. 2). `proximal`: lambda of
    eq. 10. The code's jitter has hue 0.4; SimCLR's ranges at strength 0.5, here, have 0.1.
    """

    negatives: int | None = Field(None, ge=1)
    temperature: float = Field(0.1, gt=0)
    momentum: float = Field(0.5, ge=0, lt=1, description="Of a sample's old vector in the bank.")
    proximal: float = Field(0.0, ge=0)
    projector_dim: int = Field(128, ge=1)
    augment: Augmentation = Augment(crop_scale=(0.2, 1.0), flip=0.0, jitter=1.0)


class InstanceDiscrimination(Method):
    """One view of a sample against the vectors that all samples had when they were seen last.

    `normaliser` is Z of eq. 9, 0 before the first batch. The paper estimates it once, on initial batches, against a
    bank that is still random. On small data the vectors are soon alike, such a Z is far too small for good, and the
    encoder collapsed below an untrained one's linear probe: here it is a moving average.
    """

    bank: Tensor
    normaliser: Tensor

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        if config.negatives is not None and config.negatives > facts.train_size:
            raise BadData(
                f"method instance_discrimination: {config.negatives} negatives of {facts.train_size} training samples; "
                f"lower method.negatives, or leave it out for the full softmax"
            )
        self.head = nn.Linear(encoder.dim, config.projector_dim)
        self.register_buffer("bank", F.normalize(torch.randn(facts.train_size, config.projector_dim), dim=1))
        self.register_buffer("normaliser", torch.zeros((), dtype=torch.float64))

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        return Views(
            augment(batch.inputs, self.config.augment, rng, batch.lengths), index=batch.index, lengths=batch.lengths
        )

    def forward(self, views: Views) -> Outputs:
        """z: unit vectors v [B, D]."""
        h = self.encoder(views.inputs, views.lengths).h
        return Outputs(h, self.project(h))

    def project(self, h: Tensor) -> Tensor:
        """Unit vectors v: what the paper's nearest neighbours are found with."""
        return F.normalize(self.head(h), dim=1)

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 2 or eq. 7, nats, of unit vectors v [B, D], and eq. 10's proximal term where it has a weight."""
        index = training_rows(views.index, len(self.bank), checked=not self.training)
        with torch.autocast(outputs.z.device.type, enabled=False):
            v, c = outputs.z.float(), self.config
            if c.negatives is None:
                logits = v @ self.bank.T / c.temperature
                terms = {"loss": F.cross_entropy(logits, index), "top1": top1(logits, index)}
            else:
                terms = {"loss": self._estimated(v, index)}
            if c.proximal:
                moved = (v - self.bank[index]).square().sum(1).mean()
                terms |= {"loss": terms["loss"] + c.proximal * moved, "moved": moved.detach()}
        return terms

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        """The batch's vectors enter the bank by a moving average and are normalised again."""
        old = self.bank[views.index]
        self.bank[views.index] = F.normalize(old.lerp(outputs.z.float(), 1 - self.config.momentum), dim=1)

    def _estimated(self, v: Tensor, index: Tensor) -> Tensor:
        """Eq. 8 of v [B, D] and their rows `index` [B], with m random samples of the bank as negatives for each."""
        n, temperature = len(self.bank), self.config.temperature
        negatives = torch.randint(n, (len(v), self.config.negatives), device=v.device)
        own = (v * self.bank[index]).sum(1, keepdim=True) / temperature
        others = torch.einsum("bd,bmd->bm", v, self.bank[negatives]) / temperature
        with torch.no_grad():
            now = torch.cat([own, others], dim=1).double().exp().mean() * n
            moved = torch.where(self.normaliser == 0, now, self.normaliser.lerp(now, 1 - NORMALISER_MOMENTUM))
            self.normaliser.copy_(moved)
        log_z = self.normaliser.log()
        return noise_contrastive(own[:, 0] - log_z, others - log_z, n)


def noise_contrastive(own: Tensor, others: Tensor, samples: int) -> Tensor:
    """-log h(own) - sum over m of log(1 - h(others)), averaged over B; h = P / (P + m / samples).

    own: [B], others: [B, m] log P of the sample itself and of the negatives. Source: eq. 6 and 7.
    """
    noise = math.log(others.shape[1] / samples)
    return (F.softplus(noise - own) + F.softplus(others - noise).sum(1)).mean()
