"""ABX: how often a spoken phone x is nearer to another one, b, than to one of its own kind, a.

Schatz, Peddinti, Bach, Jansen, Hermansky, Dupoux: Evaluating speech features with the Minimal-Pair ABX task,
Interspeech 2013; as in Dunbar et al., The Zero Resource Speech Challenge 2017, arXiv 1712.04313, section 3.1: the angle
between frames, averaged along the path of dynamic time warping. Nothing is learned or chosen.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from probeline.core.events import Note, Record
from probeline.core.frames import Frames
from probeline.core.lists import Segments
from probeline.core.metric import count, percentage
from probeline.core.settings import NameOf, Settings
from probeline.errors import NotApplicable
from probeline.evaluation._frame_labels import FrameTimes, frame_spans, label_names
from probeline.evaluation._phone_triplets import Tokens, Triplets, draw, neighbours
from probeline.evaluation.base import EvaluationData, Protocol
from probeline.models.dtw import dtw_distances

DETERMINISTIC = True
TAKES = ("waveform", "series")
NEEDS = ("segments", "frames", "labels")
METRICS = {
    "within": percentage("ABX error within speakers", "lower"),
    "across": percentage("ABX error across speakers", "lower"),
    "within/triplets": count("triplets of the ABX error within speakers"),
    "across/triplets": count("triplets of the ABX error across speakers"),
    "within/pairs": count("pairs of phones of the ABX error within speakers"),
    "across/pairs": count("pairs of phones of the ABX error across speakers"),
}
PRIMARY = "across"

SEED = 0
"""Of the triplets: every trial on the same data is judged on the same ones."""


class Config(Settings):
    """`context` says which tokens are compared.

    `triphone`: tokens with the same phones before and after, over the frames of all three: the ZeroSpeech challenges.
    `phone`: the same tokens, over the frames of the phone alone; `any`: the phone alone, whatever stands beside it: the
    two conditions of Hallap, Dupoux, Dunbar, Interspeech 2023. Few recordings have few triplets with equal neighbours,
    of digits almost none: `any` is for them. Silence is no phone.
    """

    segments: Annotated[str, NameOf("segments")] = Field("phones", description="Which segments are compared.")
    speaker: Annotated[str, NameOf("labels")] = Field("speaker", description="The label that says who speaks.")
    context: Literal["triphone", "phone", "any"] = "triphone"
    silence: str = Field("SIL", description="The label that is no phone.")
    distance: Literal["angular", "cosine", "euclidean"] = "angular"
    layer: int | None = Field(None, description="A layer's frames, 0 the first; null: those of the output.")
    triplets: int = Field(20, ge=1, description="Triplets that are drawn for each ordered pair of phones.")


class Abx(Protocol[Config]):
    """`within`: a, b and x by one speaker; `across`: a and b by one, x by another. 0.5 is guessing."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Note]:
        config, names = self.config, label_names(data, self.config.segments)
        label, times = data.label_name(config.speaker), FrameTimes.of(data)
        frames = data.subject.frames("test", config.layer)
        segments, speakers = data.test.reveal(config.segments), data.test.reveal(label)
        tokens = self._tokens(frames, segments, speakers.cpu().numpy(), names, times)
        cells = tokens.cells()
        judged = False
        for name, across in (("within", False), ("across", True)):
            triplets = draw(cells, across, config.triplets, SEED)
            if not len(triplets.a):
                yield Note(name, f"no triplet {name} speakers has context {config.context!r}; set `context: any`")
                continue
            judged = True
            yield Record(name, self._error(frames, tokens, triplets))
            yield Record(f"{name}/triplets", float(len(triplets.a)))
            yield Record(f"{name}/pairs", float(len(np.unique(triplets.pairs))))
        if not judged:
            raise NotApplicable(f"no two phones can be compared with context {config.context!r}: set `context: any`")

    def _tokens(
        self, frames: Frames, segments: Segments, speakers: np.ndarray, names: tuple[str, ...], times: FrameTimes
    ) -> Tokens:
        """The phones that may be compared; speakers: int64 [N] of the clips, -1 for unknown."""
        order = np.lexsort((segments.starts, segments.rows))
        segments = segments.map(lambda part: part[order])
        labels = np.asarray(segments.labels)
        silence = names.index(self.config.silence) if self.config.silence in names else None
        contexts, span = np.zeros(len(labels), np.int64), segments
        if self.config.context != "any":
            contexts = neighbours(segments, len(names), silence)
        if self.config.context == "triphone":
            span = replace(segments, starts=np.roll(segments.starts, 1), stops=np.roll(segments.stops, -1))
        starts, stops = frame_spans(frames, span, times)
        who = speakers[segments.rows]
        some = (labels != silence) & (contexts >= 0) & (who >= 0)
        return Tokens(labels[some], contexts[some], who[some], starts[some], stops[some])

    def _error(self, frames: Frames, tokens: Tokens, triplets: Triplets) -> float:
        """Distances of pairs that several triplets share are computed once."""
        both = np.stack([np.tile(triplets.x, 2), np.concatenate([triplets.a, triplets.b])], axis=1)
        pairs, of_each = np.unique(both, axis=0, return_inverse=True)
        used, positions = np.unique(pairs, return_inverse=True)
        first, second = positions.reshape(-1, 2).T
        series = _series(frames, tokens.starts[used], tokens.stops[used])
        distances = dtw_distances(series, first, second, self.config.distance, by_path_length=True)
        to_a, to_b = np.split(distances[of_each.ravel()], 2)
        return triplets.error(to_a, to_b)


def _series(frames: Frames, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frames of tokens one after the other [sum T, D], and offsets int64 [N + 1]."""
    offsets = np.concatenate([[0], np.cumsum(stops - starts)])
    rows = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], stops - starts)
    return frames.values.cpu().numpy()[rows], offsets
