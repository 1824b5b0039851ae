"""The contract of an encoder f, whatever its architecture and its samples."""

from typing import NamedTuple, Protocol, TypeVar

from torch import Tensor, nn

from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import Settings

C = TypeVar("C", bound=Settings, contravariant=True)


class Encoded(NamedTuple):
    """What an encoder makes of B samples.

    `h`: representations [B, dim]; `frames`: [B, T, dim] where the encoder keeps time, else None; `lengths`: int64 [B],
    the frames of each sample that are not padding, or None; `layers`: [B, T, D] or [B, D] of every layer in order, or
    None where the encoder does not give them.
    """

    h: Tensor
    frames: Tensor | None = None
    lengths: Tensor | None = None
    layers: tuple[Tensor, ...] | None = None


class Encoder(nn.Module):
    """Base of all encoders. A plug-in is one file with its `Config` and `build(config, sample) -> Encoder`.

    `dim`: the size of h; `frame_rate`: frames a second, None where the encoder keeps no time; `first_frame`: the
    position in the sample, in its own values, of the middle of what frame 0 sees. A file whose encoder has no weights
    to initialise has the constant `DETERMINISTIC = True`: untrained, it then depends on no seed.
    """

    dim: int
    frame_rate: float | None = None
    first_frame: float = 0.0

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        """Representations of samples x [B, ...].

        Args:
            lengths: int64 [B], how much of each sample is not padding; None: all of it. Padding changes no h.
        """
        raise TypeError(f"{type(self).__name__} has no forward pass")


class EncoderPlugin(Protocol[C]):
    """The contract of an encoder's file, beside its `Config`: a module with this function."""

    def build(self, config: C, sample: SampleSpec) -> Encoder:
        """The encoder for samples of a kind, initialised from torch's global generator.

        Raises:
            UserError: samples that it cannot take, or a missing extra.
        """


class Representation(nn.Module):
    """An encoder that returns h alone, to stand before layers that take a tensor."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.encoder(x, lengths).h
