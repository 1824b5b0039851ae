"""What an encoder makes of a split's samples along time."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames of N samples, one sample after the other, without padding.

    `values`: float32 [F, D]; `offsets`: int64 [N + 1], sample i has the rows from offsets[i] to offsets[i + 1];
    `rate`: frames a second, or None.
    """

    values: Tensor
    offsets: Tensor
    rate: float | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def samples(self) -> Tensor:
        """int64 [F]: the sample of each frame."""
        numbers = torch.arange(len(self), device=self.values.device)
        return numbers.repeat_interleave(self.offsets.diff().to(self.values.device))

    def __getitem__(self, row: int) -> Tensor:
        """The frames of one sample, [T, D]."""
        return self.values[int(self.offsets[row]) : int(self.offsets[row + 1])]


class Embed(Protocol):
    """Looks at the training split between epochs."""

    def __call__(self, layer: int | None, encoder: nn.Module | None = None, enough: int | None = None) -> Frames:
        """Frames of a layer, None for the output, of the method's encoder or of another one, such as a teacher.

        Args:
            enough: frames that the caller uses; where the split has many more, those of its first samples alone are
                computed, which are a stratified part of it. None: of every sample.
        """
