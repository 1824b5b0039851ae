"""How many changes turn one sequence into another: Levenshtein, Soviet Physics Doklady 1966."""

from collections.abc import Hashable, Sequence

import numpy as np


def edit_distance(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """The least number of insertions, deletions and substitutions that turn `one` into `other`."""
    if not one or not other:
        return max(len(one), len(other))
    numbers: dict[Hashable, int] = {}
    first, second = (np.array([numbers.setdefault(each, len(numbers)) for each in each_of]) for each_of in (one, other))
    columns = np.arange(len(second) + 1)
    row = columns.copy()
    for symbol in first:
        changed = row.copy() + 1
        changed[1:] = np.minimum(changed[1:], row[:-1] + (second != symbol))
        row = np.minimum.accumulate(changed - columns) + columns  # insertions, from left to right
    return int(row[-1])


def error_rate(references: Sequence[Sequence[Hashable]], guesses: Sequence[Sequence[Hashable]]) -> float:
    """Edits of all guesses over the symbols of all references, which may be above 1.

    Raises ValueError where there is no symbol.
    """
    symbols = sum(map(len, references))
    if not symbols:
        raise ValueError("the references have no symbols")
    return sum(map(edit_distance, references, guesses)) / symbols
