"""Samples on their way through training: a batch, what a method makes of it, and what the networks return.

All three choose rows and map over their tensors themselves, so that a new field is a line here and nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """B samples on the training device, or B pairs or triplets of them: K samples each, role by role.

    Args:
        inputs: [K * B, ...], the B first ones, then the B second ones: images as float32 [., C, H, W] in [0, 1],
            channels_last; waveforms as float32 [., T] in [-1, 1]; tokens as int64 [., T]; series as float32 [., T, F];
            vectors as float32 [., F]. What is beyond a sample's length is 0.
        labels: int64 [K * B], -1 for none.
        index: int64 [K * B], the samples' rows in their split, or the numbers of windows over it.
        lengths: int64 [K * B], how many of a sample's T values are real; None where all are.
        same: bool [B], whether the two samples of a pair belong together; None where nothing says so.
        roles: K, 1 for single samples.
    """

    inputs: Tensor
    labels: Tensor
    index: Tensor
    lengths: Tensor | None = None
    same: Tensor | None = None
    roles: int = 1

    def __len__(self) -> int:
        return len(self.labels) // self.roles

    def __getitem__(self, rows: slice | Tensor) -> Self:
        """Some samples, or some whole pairs or triplets."""
        some = replace(self, same=None).map(lambda tensor: of_roles(tensor, rows, self.roles))
        return some if self.same is None else replace(some, same=self.same[rows])

    def map(self, fn: Callable[[Tensor], Tensor]) -> Self:
        """The batch with `fn` applied to every tensor."""
        tensors = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "roles"}
        changed: dict[str, Any] = {name: None if each is None else fn(each) for name, each in tensors.items()}
        return replace(self, **changed)


def of_roles(tensor: Tensor, rows: slice | Tensor, roles: int) -> Tensor:
    """The same rows of each of `roles` parts of a tensor [K * B, ...]."""
    return tensor[rows] if roles == 1 else tensor.unflatten(0, (roles, -1))[:, rows].flatten(0, 1)


@dataclass(frozen=True, slots=True)
class Views:
    """What a method makes of a batch of B samples.

    `inputs`: [V * B, ...], the V views one after the other, so `inputs[:B]` is one view of every sample in order;
    `targets`: what the pretext task asks for, [B, ...] or [V * B, ...], or None;
    `index`: [B], the samples' rows in the training split, for methods that remember them;
    `lengths`: int64 [V * B], how much of each view is not padding, or None where all is.
    """

    inputs: Tensor
    targets: Tensor | None = None
    index: Tensor | None = None
    lengths: Tensor | None = None

    def map(self, fn: Callable[[Tensor], Tensor]) -> "Views":
        """The views with `fn` applied to every tensor that is there."""
        parts = (self.inputs, self.targets, self.index, self.lengths)
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
