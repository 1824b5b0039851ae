"""Splits that hold out whole groups, such as writers or speakers, the same for every seed."""

import numpy as np

from probeline.core.dataset import Split
from probeline.data.split import SPLIT_SEED
from probeline.errors import UserError

FEWEST_GROUPS = 3

REMARK = "whole {} are in one split each, the same for every seed"
"""What a report says of such a split; of which groups is filled in."""


def by_group(split: Split, groups: np.ndarray, test: float, validation: float) -> dict[str, Split]:
    """Train, validation and test of a split. groups: int64 [N], whom each sample belongs to.

    Args:
        test: Share of the groups, at least one.
        validation: Share of the groups that are not for testing, at least one.

    Raises:
        UserError: there are fewer than three groups.
    """
    rows = divided(groups, test, validation)
    return {part: split[rows[part]] for part in rows}


def divided(groups: np.ndarray, test: float, validation: float) -> dict[str, np.ndarray]:
    """The rows, int64, that are the train, validation and test split. Arguments and errors as `by_group` has them."""
    order = _shuffled(groups, FEWEST_GROUPS)
    tests = _count(test, len(order), spared=2)
    validations = _count(validation, len(order) - tests, spared=1)
    parts = {
        "test": order[:tests],
        "validation": order[tests : tests + validations],
        "train": order[tests + validations :],
    }
    return {part: np.flatnonzero(np.isin(groups, parts[part])) for part in ("train", "validation", "test")}


def hold_out_groups(split: Split, groups: np.ndarray, share: float) -> tuple[Split, Split]:
    """The split without a share of its groups, and these; at least one on each side. groups: int64 [N].

    Raises UserError where there is one group only.
    """
    order = _shuffled(groups, FEWEST_GROUPS - 1)
    held = np.isin(groups, order[: _count(share, len(order), spared=1)])
    return split[np.flatnonzero(~held)], split[np.flatnonzero(held)]


def _shuffled(groups: np.ndarray, fewest: int) -> np.ndarray:
    """The different groups in random order, always the same one. Raises UserError where there are too few."""
    names = np.unique(groups)
    if len(names) < fewest:
        raise UserError(f"{len(names)} group(s) cannot be divided; {fewest} are needed, one for each split")
    return np.random.Generator(np.random.PCG64(SPLIT_SEED)).permutation(names)


def _count(share: float, groups: int, spared: int) -> int:
    """A share of the groups, at least one, such that `spared` are not in it."""
    return min(max(1, round(share * groups)), groups - spared)
