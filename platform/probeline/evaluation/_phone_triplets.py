"""Triplets of spoken phones for ABX: a and x of one phone, b of another, speakers and neighbours as a condition asks.

Schatz et al.: Evaluating speech features with the Minimal-Pair ABX task, Interspeech 2013. Their score is a mean over
triplets, then contexts, then speakers, then pairs of phones. Here each triplet of a pair of phones draws a speaker (or
two), a context, and its tokens, evenly at every step, so that the mean over a pair's triplets estimates that mean.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from probeline.core.lists import Segments

T = TypeVar("T")
Spoken = Mapping[int, Sequence[int]]
"""speaker -> tokens of one phone in one context."""

Cells = dict[int, dict[int, dict[int, list[int]]]]
"""context -> phone -> speaker -> tokens."""


@dataclass(frozen=True)
class Tokens:
    """N spoken phones, int64 [N] each: `phones`, `contexts`, `speakers`; frames from `starts` on and below `stops`."""

    phones: np.ndarray
    contexts: np.ndarray
    speakers: np.ndarray
    starts: np.ndarray
    stops: np.ndarray

    def cells(self) -> Cells:
        """The tokens that have a frame, by context, phone and speaker."""
        cells: Cells = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for token in np.flatnonzero(self.stops > self.starts):
            cells[self.contexts[token]][self.phones[token]][self.speakers[token]].append(int(token))
        return cells


@dataclass(frozen=True)
class Triplets:
    """T triplets of tokens, int64 [T] each, and the number of the ordered pair of phones, int64 [T], of each."""

    a: np.ndarray
    b: np.ndarray
    x: np.ndarray
    pairs: np.ndarray

    def error(self, to_a: np.ndarray, to_b: np.ndarray) -> float:
        """The mean over pairs of phones of the share of triplets whose x is nearer to b than to a; a tie counts half.

        to_a, to_b: float [T], the distances of x.
        """
        wrong = (to_a > to_b) + 0.5 * (to_a == to_b)
        return float((np.bincount(self.pairs, wrong) / np.bincount(self.pairs)).mean())


def neighbours(segments: Segments, phones: int, silence: int | None) -> np.ndarray:
    """int64 [S]: a number for the phones before and after each segment of a clip; -1 where one is missing or silence.

    Segments are in order of their clips and starts; `phones`: how many labels there are.
    """
    labels, rows = np.asarray(segments.labels), segments.rows
    contexts = np.full(len(labels), -1)
    if len(labels) < 3:
        return contexts
    joined = (rows[:-1] == rows[1:]) & (segments.stops[:-1] == segments.starts[1:])
    spoken = labels != silence
    whole = joined[:-1] & joined[1:] & spoken[:-2] & spoken[2:]
    contexts[1:-1][whole] = (labels[:-2] * phones + labels[2:])[whole]
    return contexts


def draw(cells: Cells, across: bool, each: int, seed: int) -> Triplets:
    """`each` triplets for every ordered pair of phones that has one; x is by the speaker of a and b, or `across` by
    another one."""
    random = np.random.Generator(np.random.PCG64(seed))
    rows: list[tuple[int, int, int, int]] = []
    for number, options in enumerate(_options(cells, across).values()):
        speakers = list(options)
        for _ in range(each):
            speaker = _one(random, speakers)
            of_a, of_b = _one(random, options[speaker])
            a, b = _one(random, of_a[speaker]), _one(random, of_b[speaker])
            other = _one(random, [who for who in of_a if who != speaker]) if across else speaker
            rows.append((a, b, _one(random, [token for token in of_a[other] if token != a]), number))
    return Triplets(*np.array(rows, np.int64).reshape(-1, 4).T)


def _options(cells: Cells, across: bool) -> dict[tuple[int, int], dict[int, list[tuple[Spoken, Spoken]]]]:
    """(phone of a, phone of b) -> speaker of both -> the contexts that have a triplet, as their tokens by speaker."""
    options: dict[tuple[int, int], dict[int, list[tuple[Spoken, Spoken]]]] = defaultdict(lambda: defaultdict(list))
    for context in sorted(cells):
        phones = cells[context]
        for p in sorted(phones):
            enough = [who for who, tokens in sorted(phones[p].items()) if across or len(tokens) > 1]
            for q in sorted(phones):
                if p == q or (across and len(phones[p]) < 2):
                    continue
                for speaker in enough:
                    if speaker in phones[q]:
                        options[p, q][speaker].append((phones[p], phones[q]))
    return options


def _one(random: np.random.Generator, of: Sequence[T]) -> T:
    return of[int(random.integers(len(of)))]
