"""The frames as files: CSV for people, Parquet for programs."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from probeline.report.results import studies
from probeline.report.results.cells import TUNED, absent

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take the start of a formula for


def write(trials: pd.DataFrame, history: pd.DataFrame, folder: Path, files: pd.DataFrame | None = None) -> list[Path]:
    """Write `results.csv`, `results.parquet` and `history.parquet`; recipes as JSON text, mixed columns as text.

    Where cells were tuned, `studies.csv` has a row for each tuning trial, and the Parquet holds the studies whole.
    `files`, those that trials left (trial_id, name, content), become `panels.parquet` where there are any.
    """
    flat, tried = flattened(trials), studies.points(trials)
    paths = [folder / name for name in ("results.csv", "results.parquet", "history.parquet")]
    for_people(flat.drop(columns=TUNED, errors="ignore")).to_csv(paths[0], index=False)
    flat.to_parquet(paths[1], index=False)
    flattened(history).to_parquet(paths[2], index=False)
    if len(tried):
        paths.append(folder / "studies.csv")
        for_people(flattened(tried)).to_csv(paths[3], index=False)
    if files is not None and len(files):
        paths.append(folder / "panels.parquet")
        files[["trial_id", "name", "content"]].to_parquet(paths[-1], index=False)
    return paths


def for_people(flat: pd.DataFrame) -> pd.DataFrame:
    """A copy in which no text begins as a spreadsheet's formula does: a quote stands before it, in its heading too."""
    inert = flat.copy()
    for name in inert.columns:
        if inert[name].dtype == object or pd.api.types.is_string_dtype(inert[name]):
            inert[name] = [_inert(value) for value in inert[name]]
    return inert.rename(columns=_inert)


def _inert(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def flattened(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose every column has one type that Parquet knows."""
    flat = frame.copy()
    flat.attrs = {}
    for name in flat.columns:
        if flat[name].dtype == object:
            values = flat[name].tolist()
            kinds = {type(value) for value in values if not absent(value)}
            if len(kinds) > 1 or kinds & {dict, list, tuple}:
                texts = {key: _text(value) for key, value in {id(value): value for value in values}.items()}
                texts = [texts[id(value)] for value in values]  # the trials of a cell share its recipe
                flat[name] = pd.Series(texts, index=flat.index, dtype=object)
    return flat


def _text(value: Any) -> str | None:
    if absent(value):
        return None
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
