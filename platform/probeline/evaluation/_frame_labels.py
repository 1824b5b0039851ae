"""Frames of an encoder with the label of the segment that each lies in, such as its phone."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from probeline.core.frames import Frames
from probeline.core.lists import Segments
from probeline.errors import NotApplicable
from probeline.evaluation.base import EvaluationData


@dataclass(frozen=True)
class FrameTimes:
    """Where frames are in a sample: the middle of frame t is at `first` + t * `step`, in the sample's positions."""

    first: float
    step: float

    @classmethod
    def of(cls, data: EvaluationData) -> "FrameTimes":
        """Of the encoder that is judged. Raises NotApplicable where it keeps no frames or the data have no rate."""
        encoder, rate = data.subject.method.encoder, data.info.sample.rate
        if encoder.frame_rate is None or rate is None:
            raise NotApplicable(f"{type(encoder).__name__} keeps no frames a second, so none has a phone")
        return cls(encoder.first_frame, rate / encoder.frame_rate)


def frame_labels(frames: Frames, segments: Segments, times: FrameTimes) -> Tensor:
    """int64 [F]: the label of the segment that the middle of each frame lies in, -1 where there is none.

    Raises ValueError for segments whose labels are hidden.
    """
    if segments.labels is None:
        raise ValueError("the labels of these segments are hidden")
    first, stop = frame_spans(frames, segments, times)
    counts = (stop - first).clip(min=0)
    within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    labels = np.full(len(frames.values), -1, np.int64)
    labels[np.repeat(first, counts) + within] = np.repeat(segments.labels, counts)
    return torch.from_numpy(labels).to(frames.values.device)


def frame_spans(frames: Frames, segments: Segments, times: FrameTimes) -> tuple[np.ndarray, np.ndarray]:
    """int64 [S] each: the first frame of each segment and the one after its last, as rows of `frames.values`.

    A frame is of the segment that its middle lies in; a segment without one has stop <= first.
    """
    offsets = frames.offsets.cpu().numpy()
    begin, end = offsets[segments.rows], offsets[segments.rows + 1]
    first, stop = (
        np.clip(begin + np.ceil((at - times.first) / times.step).astype(np.int64), begin, end)
        for at in (segments.starts, segments.stops)
    )
    return first, stop


def labelled_frames(data: EvaluationData, part: str, name: str, layer: int | None) -> tuple[Tensor, Tensor]:
    """Frames [F, D] of the training or validation split that have a label, and the labels [F].

    Raises NotApplicable where there are no such segments, frames or layer.
    """
    frames = data.subject.frames(part, layer)
    labels = frame_labels(frames, data.segments(part, name), FrameTimes.of(data))
    return frames.values[labels >= 0], labels[labels >= 0]


def label_names(data: EvaluationData, name: str) -> tuple[str, ...]:
    """The labels that segments of that name may have. Raises NotApplicable where the data have no such segments."""
    if name not in data.info.segment_names:
        there = ", ".join(data.info.segment_names) or "none"
        raise NotApplicable(f"it needs segments {name!r}; the data have {there}: give them by `data.phones` or `words`")
    return data.info.segment_names[name]


def some_rows(count: int, wanted: int | None, seed: int) -> Tensor:
    """int64 [n]: `wanted` of `count` rows by chance, in order; all where there are no more."""
    if wanted is None or wanted >= count:
        return torch.arange(count)
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:wanted].sort().values
