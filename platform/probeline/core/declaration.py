"""What a plug-in states of itself in constants: the samples it takes, what it gives and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MODALITIES: Mapping[str, str] = {
    "image": "images",
    "waveform": "waveforms",
    "tokens": "tokens",
    "series": "series",
    "vector": "vectors",
}
"""`core.sample_spec.Modality`, and the plural for messages."""

LISTS = ("pairs", "episodes", "segments")
"""Kinds of the lists that a data set may have: `core.lists.PairList`, `EpisodeList`, `Segments`."""

OF_DATA = ("labels", *LISTS)
OF_ENCODER = ("frames", "layers", "attention")
OF_METHOD = ("likelihood", "two_views")
NEEDS = (*OF_DATA, *OF_ENCODER, *OF_METHOD)
"""What a method or a protocol may need, by what has to give it."""

EPOCHS = ("samples", "pairs", "windows")
"""What a method's epoch may consist of: each sample once, pairs of samples, or windows of samples laid end to end."""

ANY = "*"
"""Among LABELS, or as a name in LISTS: more names, which only the data's files tell."""


@dataclass(frozen=True)
class Declaration:
    """A plug-in's constants with its parameters put in.

    Args:
        takes: Modalities of the samples that it works on (TAKES).
        gives: Of a data set its one modality; of an encoder beside h, and of a method, some of NEEDS (GIVES).
        needs: What must be given, each `a` or `a | b` where either will do (NEEDS).
        labels: Names of the labels of a data set, the main one first (LABELS).
        lists: Kind of each list of a data set by its name (LISTS).
        epoch: Of a method, which of EPOCHS its batches are drawn from (EPOCH).
    """

    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    lists: Mapping[str, str] = field(default_factory=dict, hash=False)
    epoch: tuple[str, ...] = ("samples",)

    def names(self, what: str) -> tuple[str, ...]:
        """Of a data set, the names of its `labels`, `pairs`, `episodes` or `segments`."""
        return self.labels if what == "labels" else tuple(name for name, kind in self.lists.items() if kind == what)


def alternatives(need: str) -> tuple[str, ...]:
    """`pairs | labels` -> (`pairs`, `labels`)."""
    return tuple(part.strip() for part in need.split("|"))
