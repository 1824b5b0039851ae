"""What MLflow holds of one trial: its record, and the changes of the code that ran."""

from dataclasses import asdict, dataclass
from typing import Any

from probeline.errors import UserError
from probeline.execution.code_changes import ARTIFACT
from probeline.tracking.reading.artifact_file import read_artifact
from probeline.tracking.reading.results import find, store_errors
from probeline.tracking.server.location import resolve


@dataclass(frozen=True)
class TrialDiff:
    """What the code of a trial had beside its commit; `diff`: "" where nothing was changed."""

    trial_id: str
    git_commit: str | None
    git_dirty: bool | None
    diff: str

    def as_dict(self) -> dict[str, Any]:
        """The fields, for programs."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            self.diff or f"trial {self.trial_id}: no uncommitted changes beside commit {self.git_commit or 'unknown'}"
        )


def trial_record(trial: str, tracking_uri: str | None = None) -> dict[str, Any]:
    """Recipe, results and provenance of a trial, by its id or the first digits of it. Raises UserError."""
    return find(resolve(tracking_uri), trial)


def trial_diff(trial: str, tracking_uri: str | None = None) -> TrialDiff:
    """The uncommitted changes of the code that ran a trial.

    Raises UserError where there is no such trial, or its code was changed and nobody has kept how.
    """
    uri = resolve(tracking_uri)
    record = find(uri, trial)
    commit, dirty = (record["tags"].get(f"probeline.{name}") for name in ("git_commit", "git_dirty"))
    with store_errors(uri):
        content = read_artifact(uri, record["run_id"], ARTIFACT)
    if content is None and dirty == "true":
        raise UserError(
            f"trial {record['trial_id']}: its code had uncommitted changes, and they were not kept; trials that run "
            "from now on keep them"
        )
    text = "" if content is None else content.decode("utf-8", "replace")
    return TrialDiff(record["trial_id"], commit or None, None if not dirty else dirty == "true", text)
