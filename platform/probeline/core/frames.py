"""What an encoder makes of a split's samples along time."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


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

    def __getitem__(self, row: int) -> Tensor:
        """The frames of one sample, [T, D]."""
        return self.values[int(self.offsets[row]) : int(self.offsets[row + 1])]


Embed = Callable[[int | None], Frames]
"""layer -> the training split's frames of that layer of the encoder, None for its output."""
