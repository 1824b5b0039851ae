"""The contract of an augmentation: the function that its file is named for, on a batch of samples of any kind."""

from typing import Protocol, TypeVar

from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings

C = TypeVar("C", bound=Settings, contravariant=True)


class Augmentation(Protocol[C]):
    """A pure function: all randomness is that of `rng`, which draws for each sample by itself."""

    def __call__(self, inputs: Tensor, config: C, rng: SampleRNG, /) -> Tensor:
        """inputs: float32 [B, ...] -> as many samples; images are in [0, 1] before and after."""


class PaddedAugmentation(Protocol[C]):
    """The same of an augmentation that depends on how much of a sample is real, with a parameter named `lengths`."""

    def __call__(self, inputs: Tensor, config: C, rng: SampleRNG, lengths: Tensor | None, /) -> Tensor:
        """lengths: int64 [B], how much of [B, T] or [B, T, F] is not padding; None: all."""
