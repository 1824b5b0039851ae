"""What a method is: views of a batch, a forward pass, a loss."""

from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoder
from probeline.core.frames import Embed
from probeline.core.sample_rng import SampleRNG
from probeline.core.sampler import Sampler
from probeline.core.settings import Settings

C = TypeVar("C", bound=Settings)


class Method(nn.Module, Generic[C]):
    """One way to train an encoder f. A subclass is one file with its `Config`.

    The three steps are apart so that the loop can cache gradients between the last two: `views` draws all its
    randomness from `rng`, `forward` takes views only, row by row, and `loss` takes what `forward` returned for the
    whole batch. Where several workers share it, `views` and `forward` are given a slice of it, and `loss` and
    `after_step` the whole, the same on every worker. What must survive an interruption is a parameter or a persistent
    buffer; a parameter that is not learned by gradient has `requires_grad` False.
    """

    trains: ClassVar[bool] = True
    two_views: ClassVar[bool] = False
    """Whether `forward` gives h and z of two views of every sample: what contrastive diagnostics look at."""

    undecayed: tuple[str, ...] = ()
    """Submodules by name whose learning rate stays at its peak after the warm-up, whatever `training.schedule` says."""

    planned_steps: int = 0
    """Steps of the whole training, set by the loop before the first one; 0 outside a training."""

    closed_form: ClassVar[bool] = False
    """Whether `fit` is all the training there is; `trains` is then False."""

    window: int | None = None
    """Values of a longer sample that a training batch has: waveform samples, tokens; None: what the data set says."""

    label: str | None = None
    """Which label `Batch.labels` holds; None: the main one."""

    teacher: Encoder
    """Of a method whose Config has `targets`, a `TrainedLayer`: that encoder, with its weights when training begins."""

    def __init__(self, config: C, encoder: Encoder, facts: DatasetInfo) -> None:
        """`encoder`: has `dim`; `facts`: of the data (classes, kind of samples, sizes of the splits)."""
        super().__init__()
        self.config, self.encoder = config, encoder

    def sampler(self, split: Split) -> Sampler | None:
        """What draws the batches of the training split; None: every sample once an epoch. Raises BadData."""
        return None

    @torch.no_grad()
    def prepare(self, epoch: int, embed: Embed) -> None:
        """Called before each epoch; `embed` looks at the training split with the encoder as it is. What it keeps for
        the epoch must be persistent buffers, as a resumed training does not call it again within an epoch."""

    @torch.no_grad()
    def fit(self, h: Tensor, split: Split) -> None:
        """The whole training of a method in closed form. h: float32 [N, dim] of the training split by the encoder.

        Such a method gives what it learns, a map of h, to `encoder`, so that every protocol judges it. Raises BadData.
        """
        raise TypeError(f"{type(self).__name__} is not fitted in closed form")

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The views of a batch, made on its device; `rng` has a row for every sample."""
        raise TypeError(f"{type(self).__name__} makes no views")

    def forward(self, views: Views) -> Outputs:
        """Representations and what the loss reads of them."""
        raise TypeError(f"{type(self).__name__} has no forward pass")

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Scalars by name, the mean over the batch; `loss` is the one that is minimised."""
        raise TypeError(f"{type(self).__name__} has no loss")

    @torch.no_grad()
    def after_step(self, outputs: Outputs, views: Views) -> None:
        """What is learned without a gradient, after each step of the optimiser: moving averages, banks, queues."""

    def project(self, h: Tensor) -> Tensor | None:
        """z [N, ...] of representations [N, dim] for protocols that judge it; None where there is no projector."""
        return None

    def similarity(self, za: Tensor, zb: Tensor) -> Tensor | None:
        """[P] how alike the samples of pairs [P, D] are, by what the method learned; None: their distance says it."""
        return None
