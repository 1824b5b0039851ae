"""Lists of pairs drawn from labels, and the check that no pairs contradict each other."""

from collections.abc import Sequence

import numpy as np

from probeline.core.lists import PairList
from probeline.data.source_paths import shown
from probeline.errors import BadData

MAX_CHAINS = 100
"""Contradictions among which the one with the fewest pairs is reported."""


def balanced_pairs(labels: np.ndarray, count: int, seed: int) -> PairList:
    """`count` pairs of rows, half of them of one class, each at most once; groups: the class of the first sample.

    All pairs of one class have the same chance, and all of two classes. labels: int64 [N], -1 for none.

    Raises:
        BadData: no class has two samples, there is one class only, or there are fewer such pairs than are asked for.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    rows = np.flatnonzero(labels >= 0)
    order = rows[np.argsort(labels[rows], kind="stable")]
    _, starts, sizes = np.unique(labels[order], return_index=True, return_counts=True)
    within = sizes * (sizes - 1) // 2
    across = len(rows) * (len(rows) - 1) // 2 - int(within.sum())
    for what, wanted, available in (
        ("one class", (count + 1) // 2, int(within.sum())),
        ("two classes", count // 2, across),
    ):
        if available < max(wanted, 1):
            raise BadData(
                f"{wanted:,} pairs of {what} are asked for and {available:,} are there ({len(sizes):,} classes, "
                f"{int((sizes == 1).sum()):,} of them with one sample); ask for fewer or give more samples a class"
            )
    same, numbers = _chosen(random, int(within.sum()), (count + 1) // 2), np.concatenate([[0], np.cumsum(within)])
    chosen = np.searchsorted(numbers, same, side="right") - 1
    sides = order[starts[chosen] + _decoded(same - numbers[chosen])]
    sides = np.concatenate([sides, _of_two_classes(random, labels, rows, (count // 2, across))], axis=1)
    answers = np.arange(count) < (count + 1) // 2
    return PairList(sides[0], sides[1], answers, labels[sides[0]])


def drawn_pairs(labels: np.ndarray, count: float, seed: int) -> PairList:
    """Random pairs of rows, each at most once, as constraints: must-link where labels are equal, else cannot-link.

    Args:
        labels: int64 [N], -1 for none.
        count: how many; below 1, the share of all pairs.

    Raises:
        BadData: more pairs are asked for than there are, or those drawn are all of one kind.
    """
    rows = np.flatnonzero(labels >= 0)
    total = len(rows) * (len(rows) - 1) // 2
    wanted = round(count * total) if count < 1 else int(count)
    if not 0 < wanted <= total:
        raise BadData(f"{wanted:,} constraints are asked for; {len(rows):,} labelled samples make {total:,} pairs")
    sides = rows[_decoded(_chosen(np.random.Generator(np.random.PCG64(seed)), total, wanted))]
    same = labels[sides[0]] == labels[sides[1]]
    if same.all() or not same.any():
        kind = "must-link" if same.all() else "cannot-link"
        raise BadData(f"all {wanted:,} constraints are {kind}; both kinds are needed: ask for more of them")
    return PairList(sides[0], sides[1], same)


def _of_two_classes(
    random: np.random.Generator, labels: np.ndarray, rows: np.ndarray, counts: tuple[int, int]
) -> np.ndarray:
    """[2, wanted] rows of pairs of two classes. counts: how many are wanted, and how many there are."""
    (wanted, available), total = counts, len(rows) * (len(rows) - 1) // 2
    tries = min(total, round(1.2 * wanted * total / available) + 10)
    while True:
        sides = rows[_decoded(_chosen(random, total, tries))]
        sides = sides[:, labels[sides[0]] != labels[sides[1]]]
        if sides.shape[1] >= wanted:
            return sides[:, :wanted]
        tries = min(total, 2 * tries)


def _chosen(random: np.random.Generator, total: int, count: int) -> np.ndarray:
    """`count` numbers below `total`, each at most once, int64."""
    return random.choice(total, count, replace=False).astype(np.int64)


def _decoded(numbers: np.ndarray) -> np.ndarray:
    """[2, P]: the pairs i < j of which (0, 1), (0, 2), (1, 2), (0, 3) ... have the numbers 0, 1, 2, 3 ..."""
    high = ((1 + np.sqrt(1 + 8 * numbers.astype(np.float64))) // 2).astype(np.int64)
    return np.stack([numbers - high * (high - 1) // 2, high])


def contradiction(pairs: PairList) -> list[int] | None:
    """The shortest chain of rows which must-link pairs join although a cannot-link pair parts its ends; None: no such.

    Being the same is transitive: a = b and b = c leave no room for a != c.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    same = np.asarray(pairs.same, bool)
    count = int(max(pairs.first.max(initial=-1), pairs.second.max(initial=-1))) + 1
    links = coo_matrix((np.ones(same.sum()), (pairs.first[same], pairs.second[same])), shape=(count, count)).tocsr()
    component = connected_components(links, directed=False)[1]
    broken = np.flatnonzero(~same & (component[pairs.first] == component[pairs.second]))
    chains = []
    for pair in broken[:MAX_CHAINS]:
        start, chain = int(pairs.first[pair]), [int(pairs.second[pair])]
        before = breadth_first_order(links, start, directed=False)[1]
        while chain[-1] != start:
            chain.append(int(before[chain[-1]]))
        chains.append(chain[::-1])
    return min(chains, key=len, default=None)


def checked(pairs: PairList, samples: Sequence[str] | None = None) -> PairList:
    """The pairs. Raises BadData where they contradict each other, with the chain; `samples`: names of the rows."""
    if chain := contradiction(pairs):
        names = [shown(samples[row]) if samples else f"sample {row}" for row in chain]
        raise BadData(
            f"constraints contradict each other: {' = '.join(names)} by must-link pairs, and {names[0]} != {names[-1]} "
            "by a cannot-link pair; remove one of them"
        )
    return pairs
