"""The columns of a frame of trials: which are axes, which are metrics, and the values of an axis."""

from typing import Any

import pandas as pd

from probeline.report.results.axis_values import absent, is_number, plain, shown

RUN = ("trial_id", "encoder_id", "run_id", "cell", "arm", "seed", "status", "failure", "message", "notes", "recipe")
TUNED = "tuned"  # what the study of a cell has come to
PROVENANCE = (
    "git_commit",
    "git_dirty",
    "versions",
    "hardware",
    "device",
    "data_digest",
    "test_samples",
    "verified",
    "started",
    "finished",
    "run_url",
)
NOT_AXES = frozenset([*RUN, *PROVENANCE, TUNED])


def axes(trials: pd.DataFrame) -> list[str]:
    """The axis columns, in the spec's order."""
    return [name for name in trials.columns if name not in NOT_AXES and "/" not in name]


def metrics(trials: pd.DataFrame) -> list[str]:
    """Metric columns that hold a number of a finished trial."""
    finished = (trials["status"] == "finished").to_numpy()
    return [name for name in trials.columns if "/" in name and trials[name].notna().to_numpy()[finished].any()]


def values_of(trials: pd.DataFrame, axis: str) -> list[Any]:
    """The values of an axis: ascending where they are all numbers, else in the spec's order."""
    values = list(dict.fromkeys(plain(value) for value in trials[axis] if not absent(value)))
    return sorted(values) if all(is_number(value) for value in values) else values


def matching(trials: pd.DataFrame, where: dict[str, Any]) -> pd.DataFrame:
    """The rows with these axis values, and the arms; an axis that is not there matches nothing but arms."""
    matches = pd.Series(True, index=trials.index)
    for axis, wanted in where.items():
        at = trials[axis] if axis in axes(trials) else pd.Series(None, index=trials.index, dtype=object)
        matches &= trials["arm"].notna() | pd.Series(
            [not absent(v) and shown(v) == shown(wanted) for v in at], trials.index
        )
    return trials[matches]
