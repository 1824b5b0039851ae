"""What a method is: views of a batch, a forward pass, a loss."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from probeline.data.loader import Batch
from probeline.data.parts import Facts
from probeline.spec.settings import Settings


@dataclass(frozen=True, slots=True)
class Views:
    """What a method makes of a batch of B samples.

    `inputs`: [V * B, ...], the V views one after the other, so `inputs[:B]` is one view of every sample in order;
    `targets`: what the pretext task asks for, or None.
    """

    inputs: Tensor
    targets: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Outputs:
    """`h`: [V * B, dim] representations, in the order of the views; `z`: what the loss reads."""

    h: Tensor
    z: Tensor


class Method(nn.Module):
    """One way to train an encoder f. A subclass is one file with its `Config`.

    The three steps are apart so that the loop can cache gradients between the last two: `views` draws all its
    randomness from the generator it is given, `forward` sees views only, and `loss` sees what `forward` returned.
    """

    trains = True

    def __init__(self, config: Settings, encoder: nn.Module, facts: Facts) -> None:
        """`encoder`: has `dim`; `facts`: of the data (classes, shape [H, W, C])."""
        super().__init__()
        self.config, self.encoder = config, encoder

    @torch.no_grad()
    def views(self, batch: Batch, generator: torch.Generator) -> Views:
        """The views of a batch, made on its device."""
        raise TypeError(f"{type(self).__name__} makes no views")

    def forward(self, views: Views) -> Outputs:
        """Representations and what the loss reads of them."""
        raise TypeError(f"{type(self).__name__} has no forward pass")

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Scalars by name, the mean over the batch; `loss` is the one that is minimised."""
        raise TypeError(f"{type(self).__name__} has no loss")


def top1(logits: Tensor, targets: Tensor) -> Tensor:
    """The share of rows of [B, K] `logits` whose largest entry is at `targets` [B]."""
    return (logits.detach().argmax(1) == targets).float().mean()
