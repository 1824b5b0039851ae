"""The kind and shape of a data set's samples: what an encoder is built for."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

Modality = Literal["image", "waveform", "tokens", "series", "vector"]


@dataclass(frozen=True)
class SampleSpec:
    """One sample as it is stored: its modality, its numpy `dtype`, and its `shape` with None where samples differ.

    Images are [H, W, C], waveforms [T], tokens [T], series [T, F], vectors [F].

    Args:
        rate: Values a second of a waveform, steps a second of a series; None where time has no unit.
        vocabulary: How many tokens there are; None for other modalities.
        tokenizer: Digest of the tokeniser that tokens are of; None where they are of none.
        longest: The largest T of the data set; None where samples do not differ in length.
    """

    modality: Modality
    dtype: str
    shape: tuple[int | None, ...]
    rate: int | None = None
    vocabulary: int | None = None
    longest: int | None = None
    tokenizer: str | None = None

    @property
    def size(self) -> int:
        """How many values a sample has, the longest one where they differ."""
        return math.prod((self.longest or 1) if length is None else length for length in self.shape)

    @property
    def channels(self) -> int:
        """C of an image, F of a series or a vector; 1 for waveforms and tokens."""
        return 1 if self.modality in ("waveform", "tokens") else int(self.shape[-1] or 1)

    def as_dict(self) -> dict[str, Any]:
        """The spec as JSON-able values; `SampleSpec.of(d)` reads it back."""
        return asdict(self) | {"shape": list(self.shape)}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """The spec of its JSON-able values. Raises KeyError or TypeError where they are none."""
        return cls(**values | {"shape": tuple(values["shape"])})


def image(height: int, width: int, channels: int) -> SampleSpec:
    """The spec of 8-bit images [H, W, C]."""
    return SampleSpec("image", "uint8", (height, width, channels))
