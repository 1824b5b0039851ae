"""What an encoder makes of a whole split: h, frames, the output of a layer, in the order of the split."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from probeline.core.batch import Batch
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.encoder import Encoded
from probeline.core.frames import Frames
from probeline.data.busy import silent
from probeline.data.loader import batches
from probeline.data.samplers import by_length
from probeline.errors import NotApplicable
from probeline.models.time_pooling import Pool, one_vector

BATCH = 512
FRAMES_AT_ONCE = 2**14
"""Of ragged samples in one batch, padding included: a token or a point of a series is one, each with the activations of
every layer."""
WAVEFORM_AT_ONCE = 2**21
"""Values of waveforms in one batch: a frame stands for a hundred of them or more."""


@dataclass(frozen=True)
class PooledFrames:
    """One vector of each sample's frames. `layer`: of which layer, 0 the first; None: of the encoder's output."""

    layer: int | None = None
    pool: Pool = "mean"

    def of(self, encoded: Encoded) -> Tensor:
        """[B, D], padding left out. Raises NotApplicable."""
        values = layer_of(encoded, self.layer).float()
        lengths = encoded.lengths if values.shape[1] > 1 else None
        return one_vector(values, lengths, self.pool)


@torch.no_grad()
def represent(
    encoder: nn.Module,
    split: Split,
    device: torch.device,
    frames: PooledFrames | None = None,
    beat: Callable[[], None] = silent,
) -> tuple[Tensor, Tensor]:
    """h [N, dim] in float32 and labels [N], in the split's order. `frames`: a vector of them in place of h.

    Raises NotApplicable where the encoder gives no such layer.
    """
    rows, columns = [], []
    for batch, encoded in encoded_batches(encoder, split, device, beat):
        rows.append(batch.index)
        h = encoded.h if frames is None else frames.of(encoded)
        columns.append((h.float(), batch.labels))
    h, labels = (torch.cat(column) for column in zip(*columns, strict=True))
    if not isinstance(split.inputs, Ragged):
        return h, labels
    order = torch.cat(rows).argsort()
    return h[order], labels[order]


@torch.no_grad()
def represent_layers(
    encoder: nn.Module,
    split: Split,
    device: torch.device,
    pool: Pool = "mean",
    beat: Callable[[], None] = silent,
) -> list[Tensor]:
    """A vector of every layer's frames, each [N, D] in the split's order; [] where the encoder gives no layers."""
    rows: list[Tensor] = []
    parts: list[list[Tensor]] = []
    for batch, encoded in encoded_batches(encoder, split, device, beat):
        rows.append(batch.index)
        parts.append([PooledFrames(number, pool).of(encoded) for number in range(len(encoded.layers or ()))])
    order = torch.cat(rows).argsort()
    return [torch.cat(layer)[order] for layer in zip(*parts, strict=True)]


@torch.no_grad()
def frames(
    encoder: nn.Module,
    split: Split,
    device: torch.device,
    layer: int | None = None,
    beat: Callable[[], None] = silent,
) -> Frames:
    """The frames of every sample. `layer`: of which layer, 0 the first; None: the encoder's output.

    Raises:
        NotApplicable: the encoder keeps no frames, or gives no such layer.
    """
    return frames_of_layers(encoder, split, device, [layer], beat)[0]


@torch.no_grad()
def frames_of_layers(
    encoder: nn.Module,
    split: Split,
    device: torch.device,
    layers: Sequence[int | None],
    beat: Callable[[], None] = silent,
) -> list[Frames]:
    """The same of several layers, by one pass over the samples. Raises as `frames`."""
    rows: list[int] = []
    parts: list[list[Tensor]] = [[] for _ in layers]
    for batch, encoded in encoded_batches(encoder, split, device, beat):
        rows += batch.index.tolist()
        for layer, part in zip(layers, parts, strict=True):
            values = layer_of(encoded, layer)
            lengths = torch.full_like(batch.index, values.shape[1]) if encoded.lengths is None else encoded.lengths
            part += [values[row, :length].float() for row, length in enumerate(lengths.tolist())]
    order = torch.tensor(rows).argsort().tolist()
    return [_in_order(part, order, getattr(encoder, "frame_rate", None)) for part in parts]


def _in_order(parts: Sequence[Tensor], order: Sequence[int], rate: float | None) -> Frames:
    ordered = [parts[at] for at in order]
    ends = torch.tensor([0, *(len(part) for part in ordered)]).cumsum(0)
    return Frames(torch.cat(ordered), ends, rate)


def layer_of(encoded: Encoded, layer: int | None) -> Tensor:
    """[B, T, D] of a layer, or of the output. Raises NotApplicable."""
    if layer is None:
        if encoded.frames is None:
            raise NotApplicable("the encoder keeps no frames, so there is nothing to judge along time")
        return encoded.frames
    if encoded.layers is None or not -len(encoded.layers) <= layer < len(encoded.layers):
        count = len(encoded.layers or ())
        raise NotApplicable(
            f"layer {layer}: the encoder gives {count} layers" + (f", 0 to {count - 1}" if count else "")
        )
    values = encoded.layers[layer]
    return values if values.ndim == 3 else values[:, None]


def encoded_batches(
    encoder: nn.Module, split: Split, device: torch.device, beat: Callable[[], None] = silent
) -> Iterator[tuple[Batch, Encoded]]:
    """Batches with what the encoder, in evaluation mode from now on, makes of them; short samples first."""
    encoder.eval()
    size, sampler = BATCH, None
    if isinstance(split.inputs, Ragged):
        most = FRAMES_AT_ONCE if getattr(encoder, "frame_rate", None) is None else WAVEFORM_AT_ONCE
        size = max(1, min(BATCH, most // max(1, int(split.inputs.lengths.max(initial=1)))))
        sampler = by_length(split.inputs.lengths)
    todo = batches(split, size, seed=0, epoch=0, device=device, shuffle=False, drop_last=False, sampler=sampler)
    for batch in todo:
        yield batch, encoder(batch.inputs, batch.lengths)
        beat()
