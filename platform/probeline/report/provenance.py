"""Where the numbers come from: commits, versions, machines, data, protocol settings, and each trial's identity."""

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from probeline.report.claims import seeds
from probeline.report.tables import Entry, Table

FACTS = {"git_commit": "Git commit", "versions": "Versions", "hardware": "Hardware", "data_digest": "Data digest"}


def facts(trials: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """What all or some trials have in common: a name and its distinct values, each with its share of the trials."""
    ran = trials[trials["run_id"].notna()] if "run_id" in trials else trials.iloc[:0]
    told = {
        "Trials": [f"{count} {status}" for status, count in trials["status"].value_counts(sort=False).items()],
        "Seeds": [", ".join(map(str, sorted(trials["seed"].unique())))] if len(trials) else [],
        "Protocols": _protocols(trials),
    }
    for column, words in FACTS.items():
        if column in ran:
            told[words] = _shares([_fact(column, row) for row in ran.to_dict("records")])
    if len(ran) and ran["started"].notna().any():
        told["Ran"] = [f"{_time(ran['started'].min())} to {_time(ran['finished'].max())}"]
    return [(name, values) for name, values in told.items() if values]


def identities(trials: pd.DataFrame) -> Table:
    """A row a trial: its ids and when it ran."""
    columns = ("Trial", "Cell", "Seed", "Status", "MLflow run", "Encoder", "Started", "Seconds")
    rows = []
    for row in trials.to_dict("records"):
        started, finished = row.get("started"), row.get("finished")
        seconds = None if _none(started) or _none(finished) else (finished - started).total_seconds()
        rows.append(
            (
                Entry(str(row["trial_id"]), str(row["trial_id"])),
                Entry(str(row["cell"]), str(row["cell"])),
                Entry(str(row["seed"]), float(row["seed"])),
                Entry(str(row["status"]), str(row["status"])),
                Entry("—" if _none(row["run_id"]) else str(row["run_id"]), None),
                Entry(str(row["encoder_id"]), str(row["encoder_id"])),
                Entry(_time(started), None if _none(started) else started.timestamp()),
                Entry("—" if seconds is None else f"{seconds:,.1f}", seconds),
            )
        )
    return Table("trials", "Every planned trial.", columns, tuple(rows), frozenset({2, 7}))


def recipes(trials: pd.DataFrame) -> list[tuple[str, str]]:
    """Each cell's label and its whole recipe, defaults filled in, as YAML-like JSON."""
    if "recipe" not in trials:
        return []
    first = trials.drop_duplicates("cell")
    return [
        (str(label), json.dumps(recipe, indent=2, ensure_ascii=False, default=str))
        for label, recipe in zip(first["cell"], first["recipe"], strict=True)
        if isinstance(recipe, dict)
    ]


def _protocols(trials: pd.DataFrame) -> list[str]:
    """How encoders were evaluated, settings stated: `knn (k=20, temperature=0.07)`."""
    found: dict[str, None] = {}
    for recipe in trials.get("recipe", []):
        for name, settings in (recipe.get("evaluation") or {}).items() if isinstance(recipe, dict) else ():
            stated = ", ".join(f"{key}={json.dumps(value, default=str)}" for key, value in settings.items())
            found[f"{name} ({stated})" if stated else name] = None
    return list(found)


def _fact(column: str, row: dict[str, Any]) -> str:
    value = row[column]
    if _none(value):
        return "not recorded"
    if column == "git_commit":
        return f"{value}{', with uncommitted changes' if row.get('git_dirty') is True else ''}"
    if column == "versions":
        try:
            return ", ".join(f"{name} {version}" for name, version in json.loads(value).items())
        except (ValueError, AttributeError):
            return str(value)
    return str(value)


def _shares(values: Iterable[str]) -> list[str]:
    counts = pd.Series(list(values), dtype=object).value_counts(sort=False)
    if len(counts) < 2:
        return [str(value) for value in counts.index]
    return [f"{value} ({seeds(count, 'trial')})" for value, count in counts.items()]


def _time(value: Any) -> str:
    return "—" if _none(value) else pd.Timestamp(value).strftime("%Y-%m-%d %H:%M:%S UTC")


def _none(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
