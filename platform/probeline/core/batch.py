"""Samples on their way through training: a batch, what a method makes of it, and what the networks return.

All three choose rows and map over their tensors themselves, so that a new field is a line here and nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """B samples on the training device.

    `inputs`: [B, ...], images as float32 [B, C, H, W] in [0, 1], channels_last; `labels`: int64 [B], -1 for none;
    `index`: int64 [B], the samples' rows in their split.
    """

    inputs: Tensor
    labels: Tensor
    index: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice | Tensor) -> Self:
        """The samples of some rows."""
        return self.map(lambda tensor: tensor[rows])

    def map(self, fn: Callable[[Tensor], Tensor]) -> Self:
        """The batch with `fn` applied to every tensor."""
        return replace(self, **{one.name: fn(getattr(self, one.name)) for one in fields(self)})


@dataclass(frozen=True, slots=True)
class Views:
    """What a method makes of a batch of B samples.

    `inputs`: [V * B, ...], the V views one after the other, so `inputs[:B]` is one view of every sample in order;
    `targets`: what the pretext task asks for, [B, ...] or [V * B, ...], or None;
    `index`: [B], the samples' rows in the training split, for methods that remember them.
    """

    inputs: Tensor
    targets: Tensor | None = None
    index: Tensor | None = None

    def map(self, fn: Callable[[Tensor], Tensor]) -> "Views":
        """The views with `fn` applied to every tensor that is there."""
        parts = (self.inputs, self.targets, self.index)
        return Views(*(None if part is None else fn(part) for part in parts))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a forward pass returns: each tensor has a multiple of B rows, in the order of the views.

    `h`: representations [V * B, dim]; `z`: what the loss reads; `extra`: what else it reads, by name.
    """

    h: Tensor
    z: Tensor
    extra: Mapping[str, Tensor] = field(default_factory=dict)

    def map(self, fn: Callable[[Tensor], Tensor]) -> "Outputs":
        """The outputs with `fn` applied to every tensor."""
        return Outputs.of({name: fn(tensor) for name, tensor in self.named().items()})

    def named(self) -> dict[str, Tensor]:
        """All tensors by name, `h`, `z` and `extra.<name>`; `Outputs.of` reads it back."""
        return {"h": self.h, "z": self.z} | {f"extra.{name}": tensor for name, tensor in self.extra.items()}

    @classmethod
    def of(cls, named: Mapping[str, Tensor]) -> "Outputs":
        """The outputs of tensors by name."""
        extra = {name.removeprefix("extra."): tensor for name, tensor in named.items() if name.startswith("extra.")}
        return cls(named["h"], named["z"], extra)
