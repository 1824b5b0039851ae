"""What studies have come to, read from MLflow: how far they are, what they chose, and every point that they tried."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from probeline.core.metric import Metric
from probeline.tracking.reading.artifact_file import read_artifact
from probeline.tracking.reading.results import store_errors
from probeline.tracking.reading.run import Run, by_trial
from probeline.tracking.reading.runs import open_runs

METRICS = {"value": Metric("score of the search")}
"""What a study records as `study/`; its direction is the search's own."""

VALUE = "study/value"
"""A study's score by point: the step is the point's number, from 1."""
DOCUMENT = "study.json"


@dataclass(frozen=True)
class StudyProgress:
    """How many points a study has come to, and the winner's values by recipe key; None before it has chosen."""

    tried: int
    values: dict[str, Any] | None


def progress(uri: str, study_ids: Iterable[str]) -> dict[str, StudyProgress]:
    """Study id -> how far it is, of those that have begun. Raises UserError where MLflow cannot be read."""
    by_study = {}
    for study_id, run in _runs(uri, study_ids).items():
        if "probeline.chosen" in run.tags and run.status == "FINISHED":
            values, tried = json.loads(run.tags["probeline.chosen"]), int(run.tags["probeline.study_trials"])
            by_study[study_id] = StudyProgress(tried, values)
        else:
            by_study[study_id] = StudyProgress(run.metrics.get(VALUE, (0.0, 0))[1], None)
    return by_study


def outcomes(uri: str, studies: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Cell's label -> what its study, given by id, has come to, of those that have chosen.

    Keys: study_id, run_id; chosen (key -> value); score; trials, a list of {number, state, value, values}, empty where
    the study's file is gone from MLflow; tried, their count; importance (key -> share); search, as in the spec.

    Raises UserError where MLflow cannot be read.
    """
    runs = _runs(uri, studies.values())
    done = {label: runs[key] for label, key in studies.items() if key in runs and "probeline.chosen" in runs[key].tags}
    if not done:
        return {}
    with store_errors(uri):
        return {label: _outcome(uri, run) for label, run in done.items() if run.status == "FINISHED"}


def _runs(uri: str, study_ids: Iterable[str]) -> dict[str, Run]:
    ids = list(study_ids)
    with store_errors(uri):
        runs = open_runs(uri)
        return by_trial(runs.read(ids, "study")) if runs and ids else {}


def _outcome(uri: str, run: Run) -> dict[str, Any]:
    document = read_artifact(uri, run.run_id, DOCUMENT)  # deleted: what was chosen is a tag, the points are gone
    record = {"score": None, "trials": [], "importance": {}} | json.loads(document or b"{}")
    return {
        "study_id": run.trial_id,
        "run_id": run.run_id,
        **record,
        "chosen": json.loads(run.tags["probeline.chosen"]),
        "tried": int(run.tags["probeline.study_trials"]),
        "search": json.loads(run.tags["probeline.study"]),
    }
