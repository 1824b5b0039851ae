"""What is known of a split's samples beside labels: stretches within them, pairs of them, episodes over them.

All numbers of samples are rows of the split. What only the answers of a test hold (`same`, `answer`, a segment's label)
is None until it is revealed.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np


class _Arrays:
    """Some arrays, of which some may be None."""

    def map(self, fn: Callable[[np.ndarray], np.ndarray]) -> Self:
        """The same with `fn` applied to every array that is there."""
        arrays = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]
        changed = {name: None if each is None else fn(each) for name, each in arrays.items()}
        return replace(self, **changed)  # type: ignore[type-var]


@dataclass(frozen=True, eq=False)
class Segments(_Arrays):
    """S labelled stretches of samples, such as phones: int64 [S] each; `starts`, `stops`: positions in the sample."""

    rows: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    labels: np.ndarray | None

    def __len__(self) -> int:
        return len(self.rows)

    def renumbered(self, rows: np.ndarray) -> "Segments":
        """Those of the samples that stay. rows: int64 [N], the new row of every sample, -1 for one that goes."""
        stay = rows[self.rows] >= 0
        labels = None if self.labels is None else self.labels[stay]
        return replace(
            self, rows=rows[self.rows[stay]], starts=self.starts[stay], stops=self.stops[stay], labels=labels
        )

    def hidden(self) -> Self:
        """Without the labels."""
        return replace(self, labels=None)


@dataclass(frozen=True, eq=False)
class PairList(_Arrays):
    """P pairs of samples. first, second: int64 [P]; same: bool [P], whether they belong together.

    `groups`: int64 [P] or None, whom a pair belongs to (a writer, a person): pairs of one group are not independent.
    """

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray | None
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.first)

    def renumbered(self, rows: np.ndarray) -> Self:
        """The pairs of which both samples stay. rows: int64 [N], the new row of every sample, -1 for one that goes."""
        first, second = rows[self.first], rows[self.second]
        stay = (first >= 0) & (second >= 0)
        same, groups = (None if part is None else part[stay] for part in (self.same, self.groups))
        return replace(self, first=first[stay], second=second[stay], same=same, groups=groups)

    def hidden(self) -> Self:
        """Without the answers, and whom the pairs belong to."""
        return replace(self, same=None, groups=None)


@dataclass(frozen=True, eq=False)
class EpisodeList(_Arrays):
    """E questions, each which class of its support a query is of.

    support: int64 [E, way, shot]; query: int64 [E]; answer: int64 [E], the class by its position from 0 to way - 1;
    `groups`: int64 [E] or None, the run that a question belongs to.
    """

    support: np.ndarray
    query: np.ndarray
    answer: np.ndarray | None
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.query)

    def renumbered(self, rows: np.ndarray) -> Self:
        """The episodes of which all samples stay. rows: int64 [N], the new row of each, -1 for one that goes."""
        support, query = rows[self.support], rows[self.query]
        stay = (query >= 0) & (support >= 0).all((1, 2))
        answer, groups = (None if part is None else part[stay] for part in (self.answer, self.groups))
        return replace(self, support=support[stay], query=query[stay], answer=answer, groups=groups)

    def hidden(self) -> Self:
        """Without the answers."""
        return replace(self, answer=None, groups=None)


SampleList = PairList | EpisodeList
