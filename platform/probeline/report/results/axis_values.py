"""Values of axes as plain Python values and as text."""

import json
from typing import Any

import pandas as pd

from probeline.experiment.trial import framed


def short(axis: str) -> str:
    """`training.batch_size` -> `batch size`."""
    return axis.rpartition(".")[2].replace("_", " ")


def shown(value: Any) -> str:
    """An axis value as a reader writes it: 64, not 64.0; null, not None."""
    value = plain(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=str)
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(value: Any) -> Any:
    """A numpy or float-widened value as the plain Python value of the spec; NULL for its null."""
    return framed(value.item() if hasattr(value, "item") else value)


def is_number(value: Any) -> bool:
    """True for int and float, not for bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def absent(value: Any) -> bool:
    """Whether a frame's field holds nothing: None or NaN. NULL is something: the null of an axis."""
    return value is None or (not isinstance(value, str | dict | list | tuple) and bool(pd.isna(value)))
