"""An exported report read back from Parquet, with no MLflow, torch or ray."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from probeline.errors import UserError
from probeline.experiment.trial import framed
from probeline.report.results.axis_values import absent, plain
from probeline.report.results.columns import axes
from probeline.report.results.parquet import json_columns
from probeline.report.results.results import Results, no_history
from probeline.report.results.trial_files import COLUMNS, TrialFiles

RESULTS, HISTORY, PANELS = "results.parquet", "history.parquet", "panels.parquet"
STRUCTURED = ("recipe", "notes", "tuned")  # columns that an export holds as JSON text
MOMENTS = ("started", "finished")
NEEDED = ("trial_id", "cell", "seed", "status")


def read(path: Path) -> Results:
    """The results of a report's folder, or of its `results.parquet`; without a history, an empty one.

    Raises UserError where there is no such file or it is no export.
    """
    file = path / RESULTS if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file}: not found; `probeline report SPEC` writes it into the report's folder")
    trials = _parquet(file)
    missing = [name for name in NEEDED if name not in trials]
    if missing:
        raise UserError(f"{file}: not a report's export, it has no column {missing[0]!r}")
    beside = file.with_name(HISTORY)
    return Results(_restored(trials, json_columns(file)), _parquet(beside) if beside.is_file() else no_history())


def panels(path: Path) -> TrialFiles:
    """The files of trials that stand beside an export. Raises UserError."""
    beside = path / PANELS if path.is_dir() else path.with_name(PANELS)
    if not beside.is_file():
        return TrialFiles(trouble=f"this export has no {PANELS}")
    files = _parquet(beside)
    missing = [name for name in COLUMNS if name not in files]
    if missing:
        raise UserError(f"{beside}: not a report's export, it has no column {missing[0]!r}")
    return TrialFiles(files)


def _parsed(text: Any) -> Any:
    """The value of a JSON text, NULL for its null; anything but text as it is."""
    return framed(json.loads(text)) if isinstance(text, str) else text


def _parquet(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read as Parquet: {str(error).partition(chr(10))[0][:200]}") from error


def _restored(trials: pd.DataFrame, json_axes: frozenset[str]) -> pd.DataFrame:
    """Missing values as None outside metrics, JSON as what it was; other columns a report needs are added empty."""
    restored, axis_names = {}, set(axes(trials))
    for name in trials.columns:
        column = trials[name]
        if "/" in name or name in MOMENTS:
            restored[name] = column
            continue
        values = [None if absent(value) else value for value in column.tolist()]
        if name in STRUCTURED or name in json_axes:
            values = [_parsed(value) for value in values]
        if name in axis_names:
            values = [None if value is None else plain(value) for value in values]
        restored[name] = pd.Series(values, dtype=object, index=trials.index)
    for name in ("arm", "failure", "message", "run_id", "encoder_id", "recipe"):
        restored.setdefault(name, pd.Series([None] * len(trials), dtype=object, index=trials.index))
    for name in MOMENTS:
        restored.setdefault(name, pd.Series(pd.NaT, index=trials.index))
    return pd.DataFrame(restored)
