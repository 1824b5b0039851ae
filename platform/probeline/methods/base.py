"""What a method is: views of a batch, a forward pass, a loss."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.data.loader import Batch
from probeline.errors import BadData, NotApplicable


@dataclass(frozen=True, slots=True)
class Views:
    """What a method makes of a batch of B samples.

    `inputs`: [V * B, ...], the V views one after the other, so `inputs[:B]` is one view of every sample in order;
    `targets`: what the pretext task asks for, [B, ...] or [V * B, ...], or None;
    `index`: [B], the samples' rows in the training part, for methods that remember them.
    """

    inputs: Tensor
    targets: Tensor | None = None
    index: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a forward pass gives: each tensor has a multiple of B rows, in the order of the views.

    `h`: representations [V * B, dim]; `z`: what the loss reads; `extra`: what else it reads, by name.
    """

    h: Tensor
    z: Tensor
    extra: Mapping[str, Tensor] = field(default_factory=dict)


class Method(nn.Module):
    """One way to train an encoder f. A subclass is one file with its `Config`.

    The three steps are apart so that the loop can cache gradients between the last two: `views` draws all its
    randomness from the draws it is given, `forward` sees views only, row by row, and `loss` sees what `forward`
    returned for the whole batch. Where several workers share it, `views` and `forward` are given a slice of it, and
    `loss` and `after_step` the whole, the same on every worker. What must survive an interruption is a parameter or a
    persistent buffer; a parameter that is not learned by gradient has `requires_grad` False.
    """

    trains = True
    two_views = False
    """Whether `forward` gives h and z of two views of every sample: what contrastive diagnostics look at."""

    planned_steps = 0
    """Steps of the whole training, which the loop says before the first one; 0 outside a training."""

    def __init__(self, config: Settings, encoder: nn.Module, facts: DatasetInfo) -> None:
        """`encoder`: has `dim`; `facts`: of the data (classes, shape [H, W, C], sizes of the parts)."""
        super().__init__()
        self.config, self.encoder = config, encoder

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


WITHOUT = "take a method or a loss that needs none, such as simclr with nt_xent"


def labels_wanted(facts: DatasetInfo, who: str, *, every: bool) -> None:
    """What a method that learns from labels asks of the data before it starts; `who` begins the message.

    `every`: whether each training sample needs one; else some are enough.

    Raises:
        BadData: there are fewer than two classes, or training samples without a label.
    """
    if len(facts.classes) < 2:
        raise BadData(f"{who} needs labels of two classes or more; the data have {len(facts.classes)}: {WITHOUT}")
    if facts.labelled == 0 or (every and facts.labelled < 1):
        raise BadData(
            f"{who} needs labels{' for all' if every else ''} of the training samples; {1 - facts.labelled:.1%} have "
            f"none: leave those out of the data, or {WITHOUT}"
        )


def top1(logits: Tensor, targets: Tensor) -> Tensor:
    """The share of rows of [B, K] `logits` whose largest entry is at `targets` [B]."""
    return (logits.detach().argmax(1) == targets).float().mean()


def remembered(index: Tensor | None, samples: int, *, checked: bool) -> Tensor:
    """`index` [B], the rows of a method that remembers `samples` training samples.

    `checked`: whether to look for rows beyond them, which waits for the device; a training has none by construction.

    Raises:
        NotApplicable: these are not the data it was trained on.
    """
    if index is None:
        raise NotApplicable("this method remembers its training samples; views without an index have no loss")
    if checked and int(index.max()) >= samples:
        raise NotApplicable(
            f"this method remembers the {samples} samples it was trained on; sample {int(index.max())} is none of "
            f"them, so on other data only its representations can be judged"
        )
    return index
