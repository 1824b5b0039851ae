"""What finished studies have chosen, read from MLflow."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from probeline.tracking.results import told
from probeline.tracking.run import by_trial
from probeline.tracking.runs import open_runs


@dataclass(frozen=True)
class Chosen:
    """The values of the winner by recipe key, and of how many tuning trials it is the best."""

    values: dict[str, Any]
    trials: int


def chosen(uri: str, study_ids: Iterable[str]) -> dict[str, Chosen]:
    """Study id -> what it chose, of those that have finished. Raises UserError where MLflow cannot be read."""
    ids = list(study_ids)
    with told(uri):
        runs = open_runs(uri)
        found = by_trial(runs.read(ids)) if runs and ids else {}
    done = {key: run.tags for key, run in found.items() if run.status == "FINISHED" and "probeline.chosen" in run.tags}
    return {
        key: Chosen(json.loads(tags["probeline.chosen"]), int(tags["probeline.study_trials"]))
        for key, tags in done.items()
    }
