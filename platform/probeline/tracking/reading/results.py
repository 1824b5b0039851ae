"""The only reader of MLflow: which trials have finished, and their numbers as two tidy frames."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probeline.errors import UserError
from probeline.experiment.trial import Trial, axis_value
from probeline.storage.redaction import redacted
from probeline.tracking.reading.former_names import CRASHED, current_metrics, current_tags
from probeline.tracking.reading.run import Run, Runs, by_trial, without_open_doubles
from probeline.tracking.reading.runs import open_runs
from probeline.tracking.server import mlflow_names
from probeline.tracking.server.artifact_folders import run_folders
from probeline.tracking.server.client import connect, reason
from probeline.tracking.server.location import run_address

if TYPE_CHECKING:
    import pandas as pd

# KILLED is an interrupted trial: it counts as not run and is run again.
STATUS = {"FINISHED": "finished", "RUNNING": "running", "SCHEDULED": "running", "FAILED": "failed", "KILLED": "missing"}
STORES = {"mlflow", "requests", "sqlalchemy", "sqlite3"}  # whose errors mean that the store cannot be read
PROVENANCE = ("git_commit", "git_dirty", "versions", "hardware", "device", "data_digest", "test_samples", "verified")


@dataclass(frozen=True, slots=True)
class TrialStatus:
    """What MLflow knows of a trial; `status` is finished, running, failed or missing.

    `protocols`: those that crashed in a trial that has finished otherwise.
    """

    run_id: str | None = None
    status: str = "missing"
    failure: str | None = None
    message: str | None = None
    protocols: tuple[str, ...] = ()


def statuses(uri: str, trial_ids: Iterable[str], experiment: str | None = None) -> dict[str, TrialStatus]:
    """Trial id -> its status, for every id asked for. `experiment` is where a server is asked first.

    Raises UserError where a trial has two runs, and one of them has ended.
    """
    ids = list(trial_ids)
    with store_errors(uri):
        runs = open_runs(uri, experiment)
        by_id = by_trial(without_open_doubles(runs.find(ids))) if runs and ids else {}
    return {trial_id: status_of(by_id.get(trial_id)) for trial_id in ids}


def last_values(uri: str, trial_ids: Sequence[str], metric: str, experiment: str | None = None) -> dict[str, float]:
    """Trial id -> the last value of one metric, for those of these trials that have it. Raises UserError."""
    with store_errors(uri):
        runs = open_runs(uri, experiment)
        by_id = by_trial(runs.read(trial_ids)) if runs and trial_ids else {}
    named = ((key, value) for run in by_id.values() for key, value in run.metrics.items())
    keys = {key for key, _ in named if mlflow_names.name(key) == metric}
    return {trial: run.metrics[key][0] for trial, run in by_id.items() for key in keys if key in run.metrics}


def frame(
    uri: str, trials: Sequence[Trial], experiment: str | None = None, tuned: Mapping[str, Any] | None = None
) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """(trials, history). trials: a row per planned trial, in that order; history: trial_id, name, step, value.

    A metric's column holds its last value, `notes` a dict of what a note is about -> its text. history holds every
    point of the metrics that have steps past 0, in the same order of trials, then by name and step. `tuned`, a cell's
    label -> what its study has come to (see `studies.outcomes`), becomes a column of that name. Of a tracking server,
    `run_url` is where it shows the run.
    """
    with store_errors(uri):
        runs = open_runs(uri, experiment)
        by_id = by_trial(runs.read([trial.id for trial in trials])) if runs and trials else {}
        planned = [by_id[trial.id] for trial in trials if trial.id in by_id]  # a store gives runs in no order
        rows = table(trials, by_id, tuned)
        if uri.startswith("http"):
            rows["run_url"] = _exact(_address(uri, by_id.get(trial.id)) for trial in trials)
        return rows, _history(runs, planned)


def table(trials: Sequence[Trial], by_id: Mapping[str, Run], tuned: Mapping[str, Any] | None = None) -> "pd.DataFrame":
    """The first of `frame`'s two, of runs that were read before; `by_id`: trial id -> its run."""
    import pandas as pd

    columns = _columns(trials, by_id)
    if tuned:
        columns["tuned"] = _exact(tuned.get(trial.cell.label) for trial in trials)
    return pd.DataFrame(columns)


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """Turns the errors of a store that cannot be read into UserError."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.split(".")[0] not in STORES:
            raise
        words = reason(error)
        locked = "; another process holds it: wait for that, or end it" if "database is locked" in words else ""
        raise UserError(f"results in {redacted(uri)} cannot be read: {words}{locked}") from error


def find(uri: str, prefix: str) -> dict[str, Any]:
    """One trial by its id or the first digits of it: run, status, params, metrics, tags, and where its files are.

    Raises UserError where no trial, or more than one, has an id that begins so.
    """
    if not re.fullmatch(r"[0-9a-f]{1,16}", prefix):
        raise UserError(
            f"trial {prefix!r}: an id is up to 16 of the digits 0-9, a-f; `probeline status SPEC` shows them"
        )
    client = connect(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.`probeline.trial_id` LIKE '{prefix}%'", max_results=10)
    if len(runs) != 1:
        ids = ", ".join(run.data.tags["probeline.trial_id"] for run in runs)
        raise UserError(f"trial {prefix}: " + (f"several begin so: {ids}" if runs else f"not in {redacted(uri)}"))
    (run,) = runs
    tags, metrics = current_tags(run.data.tags), current_metrics(run.data.metrics)
    return {
        "trial_id": run.data.tags["probeline.trial_id"],
        "run_id": run.info.run_id,
        "status": STATUS[run.info.status],
        "artifacts": _artifacts(uri, run.info.run_id, run.info.artifact_uri),
        "params": dict(sorted(run.data.params.items())),
        "metrics": {mlflow_names.name(key): value for key, value in sorted(metrics.items())},
        "notes": notes(tags),
        "tags": {
            key: value
            for key, value in sorted(tags.items())
            if key.startswith("probeline.") and not key.startswith(mlflow_names.NOTE)
        },
    }


def _artifacts(uri: str, run_id: str, address: str) -> str:
    folder = run_folders(uri, [run_id]).get(run_id)
    return address if folder is None else folder.as_uri()


def notes(tags: Mapping[str, str]) -> dict[str, str]:
    """The notes among a run's tags: what each is about -> its text."""
    return {
        mlflow_names.name(key[len(mlflow_names.NOTE) :]): text
        for key, text in sorted(item for item in tags.items() if item[0].startswith(mlflow_names.NOTE))
    }


def status_of(run: Run | None) -> TrialStatus:
    """The status of a run's trial; `missing` for None."""
    if run is None:
        return TrialStatus()
    tags, status = run.tags, STATUS[run.status]
    crashed = json.loads(tags.get(CRASHED, "[]")) if status == "finished" else ()
    reason = (tags.get("probeline.failure"), tags.get("probeline.message"))
    return TrialStatus(run.run_id, status, *reason, tuple(crashed))


def _address(uri: str, run: Run | None) -> str | None:
    return run_address(uri, run.experiment_id, run.run_id) if run else None


def _columns(trials: Sequence[Trial], by_id: Mapping[str, Run]) -> dict[str, Any]:
    runs = [by_id.get(trial.id) for trial in trials]
    states = [status_of(run) for run in runs]
    columns = {
        "trial_id": [trial.id for trial in trials],
        "encoder_id": [trial.encoder_id for trial in trials],
        "run_id": _exact(state.run_id for state in states),
        "cell": [trial.cell.label for trial in trials],
        "arm": _exact(trial.cell.arm for trial in trials),
        "seed": [trial.seed for trial in trials],
        "status": [state.status for state in states],
        "failure": _exact(state.failure for state in states),
        "message": _exact(state.message for state in states),
    }
    nothing = (math.nan, 0)
    columns["notes"] = _exact(notes(run.tags) if run else {} for run in runs)
    for axis in dict.fromkeys(axis for trial in trials for axis in trial.cell.coordinates):
        columns[axis] = _exact(axis_value(trial.cell.coordinates, axis) for trial in trials)
    for key in sorted({key for run in runs if run for key in run.metrics}):
        values = [run.metrics.get(key, nothing)[0] if run else math.nan for run in runs]
        columns[mlflow_names.name(key)] = values
    columns["recipe"] = _exact(trial.cell.recipe.as_dict() for trial in trials)
    for tag in PROVENANCE:
        columns[tag] = _exact(run.tags.get(f"probeline.{tag}") if run else None for run in runs)
    columns["test_samples"] = _exact(None if n is None else int(n) for n in columns["test_samples"])
    columns["git_dirty"] = _exact({"true": True, "false": False}.get(value) for value in columns["git_dirty"])
    columns["started"] = _moments(run.started if run else None for run in runs)
    columns["finished"] = _moments(run.ended if run and run.status != "RUNNING" else None for run in runs)
    return columns


def _history(runs: Runs | None, planned: list[Run]) -> "pd.DataFrame":
    import pandas as pd

    keys = sorted({key for run in planned for key, (_, step) in run.metrics.items() if step > 0})
    points = runs.history(planned, keys) if runs and keys else []
    trial_ids = {run.run_id: run.trial_id for run in planned}
    order = {run.run_id: position for position, run in enumerate(planned)}
    points.sort(key=lambda point: (order[point[0]], point[1], point[2]))
    names = {key: mlflow_names.name(key) for key in keys}
    return pd.DataFrame(
        {
            "trial_id": pd.Series([trial_ids[run_id] for run_id, _, _, _ in points], dtype="str"),
            "name": pd.Series([names[key] for _, key, _, _ in points], dtype="str"),
            "step": pd.Series([step for _, _, step, _ in points], dtype="int64"),
            "value": pd.Series([value for _, _, _, value in points], dtype="float64"),
        }
    )


def _exact(values: Iterable[Any]) -> "pd.Series":
    import pandas as pd

    return pd.Series(list(values), dtype="object")  # keeps 64 an int and None a None beside each other


def _moments(milliseconds: Iterable[int | None]) -> "pd.Series":
    import pandas as pd

    return pd.to_datetime(pd.Series(list(milliseconds), dtype="Int64"), unit="ms", utc=True)
