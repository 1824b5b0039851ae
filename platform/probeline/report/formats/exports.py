"""The frames as files: CSV for people, Parquet for programs."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from probeline.experiment.trial import NULL
from probeline.report.results import parquet, studies
from probeline.report.results.axis_values import absent, plain
from probeline.report.results.columns import TUNED, axes
from probeline.report.results.results import Results
from probeline.report.results.trial_files import COLUMNS, TrialFiles
from probeline.storage.spreadsheet_text import inert


def write(results: Results, folder: Path, files: TrialFiles | None = None) -> list[Path]:
    """Write `results.csv`, `results.parquet` and `history.parquet`; recipes are JSON text.

    In the Parquet an axis has one type: whole numbers, numbers, true and false, or text; any other, and one with a
    null, is JSON text, and the file's metadata name such columns. The CSV has `null` for a null and nothing for a
    missing value. Where cells were tuned, `studies.csv` has a row for each tuning trial, and the Parquet holds the
    studies whole. `files`, those that trials left, become `panels.parquet` if there are any.
    """
    trials = results.trials
    flat, tried = flattened(trials), studies.points(results)
    typed, json_columns = typed_axes(trials)
    paths = [folder / name for name in ("results.csv", "results.parquet", "history.parquet")]
    for_people(flat.drop(columns=TUNED, errors="ignore")).to_csv(paths[0], index=False)
    parquet.write(flat.assign(**typed), paths[1], json_columns)
    flattened(results.history).to_parquet(paths[2], index=False)
    if len(tried):
        paths.append(folder / "studies.csv")
        for_people(flattened(tried)).to_csv(paths[3], index=False)
    if files is not None and len(files.table):
        paths.append(folder / "panels.parquet")
        files.table[list(COLUMNS)].to_parquet(paths[-1], index=False)
    return paths


def typed_axes(trials: pd.DataFrame) -> tuple[dict[str, pd.Series], list[str]]:
    """(columns, names): the axes as Parquet holds them, and those that it holds as JSON text."""
    columns, json_columns = {}, []
    for axis in axes(trials):
        values = [None if absent(value) else plain(value) for value in trials[axis].tolist()]
        dtype = _parquet_type([value for value in values if value is not None])
        if dtype is None:
            json_columns.append(axis)
            values = [None if value is None else _json(value) for value in values]
        columns[axis] = pd.Series(values, index=trials.index, dtype=dtype or object)
    return columns, json_columns


def _parquet_type(values: list[Any]) -> str | None:
    """The one type of an axis's values, or None where only JSON tells them apart."""
    kinds = {type(value) for value in values}
    if kinds <= {str}:
        return "object"
    if kinds == {bool}:
        return "boolean"
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values):
        return "Int64"
    if kinds <= {int, float} and all(float(value) == value for value in values):
        return "Float64"
    return None


def _json(value: Any) -> str:
    return json.dumps(None if value is NULL else value, ensure_ascii=False, default=str)


def for_people(flat: pd.DataFrame) -> pd.DataFrame:
    """A copy in which no text begins as a spreadsheet's formula does: a quote stands before it, in its heading too."""
    shown = flat.copy()
    for name in shown.columns:
        if shown[name].dtype == object or pd.api.types.is_string_dtype(shown[name]):
            shown[name] = [_inert(value) for value in shown[name]]
    return shown.rename(columns=_inert)


def _inert(value: Any) -> Any:
    return inert(value) if isinstance(value, str) else value


def flattened(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose every column has one type that Parquet knows."""
    flat = frame.copy()
    for name in flat.columns:
        if flat[name].dtype == object:
            values = flat[name].tolist()
            kinds = {type(value) for value in values if not absent(value)}
            if len(kinds) > 1 or kinds & {dict, list, tuple}:
                text_of = {key: _text(value) for key, value in {id(value): value for value in values}.items()}
                texts = [text_of[id(value)] for value in values]  # the trials of a cell share its recipe
                flat[name] = pd.Series(texts, index=flat.index, dtype=object)
    return flat


def _text(value: Any) -> str | None:
    if absent(value):
        return None
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
