"""Pairs of signatures as verification is judged: references of a writer against genuine ones and forgeries."""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

import numpy as np

from probeline.core.lists import PairList
from probeline.data.source_paths import shown
from probeline.errors import BadData

Forgeries = Literal["skilled", "random"]
FORGERIES: tuple[Forgeries, ...] = ("skilled", "random")

REFERENCES = 5
"""Genuine signatures of a writer, the first ones, that others are compared with."""

RANDOM_FORGERIES = 20
"""Of a writer: genuine signatures of others that are passed off as theirs."""


@dataclass(frozen=True)
class Signatures:
    """The writer and the number of every signature of a split, and whether it is genuine: int64, int64, bool [N]."""

    writers: np.ndarray
    numbers: np.ndarray
    genuine: np.ndarray

    def rows(self, writer: int, genuine: bool) -> np.ndarray:
        """A writer's genuine signatures, or the forgeries of them, in the order of their numbers."""
        chosen = np.flatnonzero((self.writers == writer) & (self.genuine == genuine))
        return chosen[np.argsort(self.numbers[chosen])]


def check_complete(signatures: Signatures, names: dict[int, str]) -> None:
    """Raises BadData that names the writers (number -> name) with too few genuine signatures or without forgeries."""
    complaints = []
    for writer, name in names.items():
        genuine, forged = (len(signatures.rows(writer, kind)) for kind in (True, False))
        if genuine <= REFERENCES:
            complaints.append(f"{shown(name)} has {genuine} genuine signatures; more than {REFERENCES} are needed")
        if not forged:
            complaints.append(f"{shown(name)} has no forgeries")
    if complaints:
        raise BadData("; ".join(complaints) + "; add the files or remove those of the writer")


def protocol_pairs(signatures: Signatures, forgeries: Forgeries) -> PairList:
    """References (first) against questioned signatures (second); groups: the references' writer."""
    listed = []
    for writer in np.unique(signatures.writers):
        genuine = signatures.rows(writer, True)
        references, rest = genuine[:REFERENCES], genuine[REFERENCES:]
        false = signatures.rows(writer, False) if forgeries == "skilled" else _of_others(signatures, writer)
        listed.append(_crossed(references, rest, True, writer))
        listed.append(_crossed(references, false, False, writer))
    return _joined(listed)


def training_pairs(signatures: Signatures, forgeries: Forgeries) -> PairList:
    """All pairs of a writer's genuine signatures, and of each of them with the forgeries, `skilled` or `random`."""
    listed = []
    for writer in np.unique(signatures.writers):
        genuine = signatures.rows(writer, True)
        first, second = np.triu_indices(len(genuine), 1)
        count = len(first)
        listed.append(PairList(genuine[first], genuine[second], np.ones(count, bool), np.full(count, writer)))
        false = signatures.rows(writer, False) if forgeries == "skilled" else _of_others(signatures, writer)
        listed.append(_crossed(genuine, false, False, writer))
    return _joined(listed)


def _of_others(signatures: Signatures, writer: int) -> np.ndarray:
    """RANDOM_FORGERIES genuine signatures of the other writers in turn, from the first after their references."""
    others = [other for other in np.unique(signatures.writers) if other != writer]
    after = [signatures.rows(other, True)[REFERENCES:] for other in others]
    turns = [row for turn in zip_longest(*after) for row in turn if row is not None]
    return np.array(turns[:RANDOM_FORGERIES], np.int64)


def _crossed(first: np.ndarray, second: np.ndarray, same: bool, group: int) -> PairList:
    """Every one of `first` with every one of `second`."""
    count = len(first) * len(second)
    return PairList(
        np.repeat(first, len(second)), np.tile(second, len(first)), np.full(count, same), np.full(count, group)
    )


def _joined(lists: list[PairList]) -> PairList:
    first, second, same, groups = (
        np.concatenate([getattr(each, name) for each in lists]) for name in ("first", "second", "same", "groups")
    )
    return PairList(first.astype(np.int64), second.astype(np.int64), same, groups.astype(np.int64))
