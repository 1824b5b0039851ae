"""Codes to phones: each code stands for the phone it occurs with most often, and is judged on unseen clips.

Van den Oord, Vinyals, Kavukcuoglu: Neural Discrete Representation Learning, NeurIPS 2017, arXiv 1711.00937, section
4.3: 49.3% of 41 phones by 128 codes 25 times a second, 7.2% by the best guess without them. The map is made of the
training split; the phones of the test split are read once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, runtime_checkable
from typing import Protocol as Structure

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Record
from probeline.core.frames import Frames
from probeline.core.metric import count, percentage
from probeline.core.settings import NameOf, Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frame_labels import FrameTimes, frame_labels, label_names
from probeline.evaluation._unit_counts import joint_counts
from probeline.evaluation.base import SPLITS, EvaluationData, Protocol

DETERMINISTIC = True
TAKES = ("waveform",)
NEEDS = ("segments",)
METRICS = {
    "top1": percentage("accuracy of the map from codes to phones"),
    "validation_top1": percentage("validation accuracy of the map from codes to phones"),
    "guess": percentage("accuracy of the training split's most frequent phone"),
    "used": count("codes that occur in the training split"),
    "codes": count("test codes that have a phone"),
}
PRIMARY = "top1"

BATCH = 16
"""Clips of about one length: 64 of all lengths took 6 GB for the first layer of 48 channels."""


class Config(Settings):
    """A code has the phone that the middle of its stretch lies in; a code without one, such as at an edge, none."""

    segments: Annotated[str, NameOf("segments")] = Field("phones", description="Which segments give codes a label.")


@runtime_checkable
class EncodesToCodes(Structure):
    """A method that turns a clip to a sequence of codes."""

    def codes(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Of clips [B, S] the codes, int64 [B, P], and how many of the P are real, [B]."""

    def code_times(self) -> tuple[float, float]:
        """Where the middle of what code 0 stands for is in a clip, and from code to code, in samples."""


class CodesToPhones(Protocol[Config]):
    """`top1` beside `guess`, which says the most frequent phone whatever the code."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        method, names = data.subject.method, label_names(data, self.config.segments)
        if not isinstance(method, EncodesToCodes):
            raise NotApplicable(f"it needs a method with codes, such as vqvae_audio; {type(method).__name__} has none")
        times = FrameTimes(*method.code_times())
        parts = {part: clip_codes(method, data, part) for part in SPLITS}
        kinds = 1 + max(int(codes.values.max()) for codes in parts.values())
        counts = self._counts(data, parts["train"], times, (len(names), kinds))
        phone_of = counts.argmax(0)
        phone_of[counts.sum(0) == 0] = most = int(counts.sum(1).argmax())
        yield Record("used", float((counts.sum(0) > 0).sum()))
        yield Record("validation_top1", self._right(data, parts["validation"], times, phone_of))
        phones = frame_labels(parts["test"], data.test.reveal(self.config.segments), times)
        codes, phones = parts["test"].values[phones >= 0], phones[phones >= 0]
        yield Record("codes", float(len(phones)))
        yield Record("top1", float((phone_of[codes] == phones).double().mean()))
        yield Record("guess", float((phones == most).double().mean()))

    def _counts(self, data: EvaluationData, codes: Frames, times: FrameTimes, sizes: tuple[int, int]) -> Tensor:
        """[phones, codes] of the training split. Raises NotApplicable where no code has a phone."""
        phones = frame_labels(codes, data.segments("train", self.config.segments), times)
        if not (phones >= 0).any():
            raise NotApplicable("no code of the training split lies in a phone")
        return joint_counts(phones[phones >= 0], codes.values[phones >= 0], *sizes)

    def _right(self, data: EvaluationData, codes: Frames, times: FrameTimes, phone_of: Tensor) -> float:
        phones = frame_labels(codes, data.segments("validation", self.config.segments), times)
        right = phone_of[codes.values[phones >= 0]] == phones[phones >= 0]
        return float(right.double().mean()) if len(right) else 0.0


@torch.no_grad()
def clip_codes(method: EncodesToCodes, data: EvaluationData, part: str) -> Frames:
    """The codes of every clip of a split, int64 [F], one clip after the other."""
    rows: dict[int, Tensor] = {}
    for batch in data.subject.batches(part, BATCH, alike=True):
        index, positions = method.codes(batch.inputs, batch.lengths)
        real = (codes[:count] for codes, count in zip(index, positions.tolist(), strict=True))
        rows |= zip(batch.index.tolist(), real, strict=True)
    of_each = [rows[row] for row in sorted(rows)]
    ends = torch.tensor([0, *map(len, of_each)]).cumsum(0)
    return Frames(torch.cat(of_each), ends)
