"""The spread of paired differences, pooled over pairs of cells: what the power of a grid is computed from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

MAX_PAIRS = 5_000
"""Pairs of cells that are looked at: of more, the first ones, as each further one changes the pooled number little."""


@dataclass(frozen=True)
class PairedSpread:
    """`deviation`: of the paired differences of one pair of cells, pooled over `pairs` pairs with two seeds or more."""

    deviation: float
    pairs: int


def paired_spread(cells: Sequence[Mapping[int, float]]) -> PairedSpread | None:
    """The pooled spread of differences of the same seed; None where no two cells share two seeds.

    Args:
        cells: Seed -> value of each cell. Those whose values are all one are left out: they may depend on no seed.
    """
    varying = [cell for cell in cells if len(set(cell.values())) > 1]
    squares, degrees, pairs = 0.0, 0, 0
    for ours, theirs in islice(combinations(varying, 2), MAX_PAIRS):
        differences = [ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())]
        if len(differences) > 1:
            mean = math.fsum(differences) / len(differences)
            squares += math.fsum((difference - mean) ** 2 for difference in differences)
            degrees, pairs = degrees + len(differences) - 1, pairs + 1
    return PairedSpread(math.sqrt(squares / degrees), pairs) if degrees and squares else None
