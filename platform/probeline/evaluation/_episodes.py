"""Episodes drawn from labels: N classes with k examples each, and a query of one of them."""

import numpy as np

from probeline.core.lists import EpisodeList
from probeline.errors import NotApplicable

SEED = 0
"""Every trial on the same data is asked the same questions."""


def sampled_episodes(
    labels: np.ndarray, way: int, shot: int, count: int, within: np.ndarray | None = None
) -> EpisodeList:
    """`count` episodes, their classes, examples and query drawn without replacement.

    Args:
        labels: int64 [N], -1 for none. Classes with fewer than shot + 1 samples are in no episode.
        within: int64 [N]; the classes of an episode are all of one of these (such as an alphabet); None: of any.

    Raises:
        NotApplicable: there are fewer than `way` such classes, or in no part of `within` as many.
    """
    members = {name: np.flatnonzero(labels == name) for name in np.unique(labels[labels >= 0])}
    members = {name: rows for name, rows in members.items() if len(rows) > shot}
    parts: dict[int, list[int]] = {}
    for name, rows in members.items():
        parts.setdefault(0 if within is None else int(within[rows[0]]), []).append(name)
    usable = [names for _, names in sorted(parts.items()) if len(names) >= way]
    if not usable:
        largest = max(map(len, parts.values()), default=0)
        raise NotApplicable(
            f"{way} classes with {shot + 1} samples or more are needed{' in one part' if within is not None else ''}; "
            f"there are {largest}: lower `way` or `shot`"
        )
    random = np.random.Generator(np.random.PCG64(SEED))
    support = np.empty((count, way, shot), np.int64)
    query, answer = np.empty(count, np.int64), random.integers(way, size=count)
    for episode in range(count):
        names = random.choice(usable[episode % len(usable)], way, replace=False)
        for position, name in enumerate(names):
            chosen = random.choice(members[name], shot + (position == answer[episode]), replace=False)
            support[episode, position] = chosen[:shot]
            query[episode] = chosen[-1] if position == answer[episode] else query[episode]
    return EpisodeList(support, query, answer)


def classes_with(labels: np.ndarray, samples: int) -> int:
    """How many classes have so many samples. Raises NotApplicable for fewer than two. labels: int64 [N], -1: none."""
    count = int((np.unique(labels[labels >= 0], return_counts=True)[1] >= samples).sum())
    if count < 2:
        raise NotApplicable(f"questions need 2 classes with {samples} samples or more; there are {count}")
    return count
