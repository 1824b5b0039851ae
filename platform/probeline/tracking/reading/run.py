"""One run of a trial as it is read, and what a reader of runs can do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from probeline.errors import UserError


@dataclass(frozen=True, slots=True)
class Run:
    """One MLflow run of a trial; times are Unix milliseconds; `metrics`: stored key -> (last value, its step).

    Protocols have today's names in them, whatever version recorded the run.
    """

    trial_id: str
    run_id: str
    status: str
    started: int | None = None
    ended: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, tuple[float, int]] = field(default_factory=dict)
    experiment_id: str | None = None


class Runs(Protocol):
    """A way to read runs."""

    def find(self, trial_ids: Iterable[str]) -> list[Run]:
        """The runs of these trials with their status and the tags that explain it, and maybe more."""

    def read(self, trial_ids: Iterable[str], kind: str = "trial") -> list[Run]:
        """The runs of these trials, or of these studies, with all their tags and last metrics."""

    def history(self, runs: Sequence[Run], keys: Sequence[str]) -> list[tuple[str, str, int, float]]:
        """(run id, key, step, value) of every point of these metrics."""


def without_open_doubles(runs: Iterable[Run]) -> list[Run]:
    """The runs, but only the first of a trial's that have all not ended: it is the one that the trial resumes in.

    The others come from a request whose reply got lost before its driver was killed; they go when the trial ends.
    """
    of_trial: dict[str, list[Run]] = {}
    for run in runs:
        of_trial.setdefault(run.trial_id, []).append(run)
    return [run for several in of_trial.values() for run in (several[:1] if all(map(_is_open, several)) else several)]


def _is_open(run: Run) -> bool:
    return run.status in ("RUNNING", "SCHEDULED", "KILLED")


def by_trial(runs: Iterable[Run]) -> dict[str, Run]:
    """Trial id -> its run. Two runs of one trial are an error: which of them holds the numbers?"""
    by_id: dict[str, Run] = {}
    for run in runs:
        if (other := by_id.setdefault(run.trial_id, run)) is not run:
            raise UserError(
                f"trial {run.trial_id}: MLflow holds two runs of it, {other.run_id} and {run.run_id}; "
                f"look at both and delete one: mlflow runs delete --run-id {run.run_id}"
            )
    return by_id
