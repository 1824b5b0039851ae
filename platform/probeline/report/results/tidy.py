"""An experiment's trials as a frame for analysis: a row a trial, typed columns, units in its metadata."""

from typing import Any

import pandas as pd

from probeline.experiment.schema import Experiment
from probeline.experiment.trial import NULL
from probeline.report.results.axis_values import is_number
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results

IDENTITY = ("trial_id", "encoder_id", "run_id")
STATES = ("finished", "failed", "running", "missing")
LAST = ("failure", "message", "test_samples", "device", "hardware", "git_commit", "git_dirty", "started", "finished")
"""Columns behind the metrics."""


def tidy(experiment: Experiment, results: Results) -> pd.DataFrame:
    """The frame of `probeline.results`, in the order of the plan."""
    trials, columns = results.trials, dict[str, pd.Series]()
    columns |= {name: trials[name].astype("string") for name in IDENTITY}
    columns["cell"] = _category(trials["cell"])
    columns["arm"] = _category(trials["arm"])
    columns["seed"] = trials["seed"].astype("int64")
    columns["status"] = pd.Series(pd.Categorical(trials["status"], STATES), index=trials.index)
    columns |= {axis: _typed(trials[axis]) for axis in results.axes}
    columns |= {name: trials[name].astype("float64") for name in results.metrics}
    columns |= {name: _typed(trials[name]) for name in LAST}
    frame = pd.DataFrame(columns)
    frame.attrs = {
        "experiment": experiment.name,
        "question": experiment.question,
        "scale": experiment.scale,
        "axes": list(results.axes),
        "main_metric": experiment.report.metric or results.main_metric,
        "metrics": {name: described(name) for name in results.metrics},
    }
    return frame


def described(name: str) -> dict[str, Any]:
    """What is declared of a metric: a value times `scale` is in `unit`."""
    one = metric(name)
    return {"title": one.title, "unit": one.unit, "scale": one.scale, "direction": one.direction}


def _category(values: pd.Series) -> pd.Series:
    """Categories in the order in which they first come."""
    return pd.Series(pd.Categorical(values, list(dict.fromkeys(values.dropna()))), index=values.index)


def _typed(values: pd.Series) -> pd.Series:
    """A column of one type: numbers, booleans, times and strings as such; of several kinds of values their texts.

    A cell that has no such axis is missing; the null of an axis is the text `null`, as it is in exports.
    """
    if values.dtype != object:
        return values
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool) for value in present):
        return values.astype("boolean")
    if present and all(is_number(value) for value in present):
        whole = all(isinstance(value, int) for value in present)
        return pd.to_numeric(values).astype("Int64" if whole else "float64")
    texts = [None if value is None else str(value) if value is not NULL else "null" for value in values]
    return pd.Series(texts, index=values.index, dtype="string")
