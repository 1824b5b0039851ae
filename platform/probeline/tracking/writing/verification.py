"""The outcome of a replay, as a tag of the run of the trial that was run again: no further run, no changed number."""

from probeline.tracking.reading.results import store_errors
from probeline.tracking.server.client import connect
from probeline.tracking.server.mlflow_names import LONGEST_TAG, text

VERIFIED = "probeline.verified"


def record(uri: str, run_id: str, outcome: str) -> None:
    """Sets the tag; a later replay replaces it. Raises UserError where MLflow cannot be written."""
    with store_errors(uri):
        connect(uri).set_tag(run_id, VERIFIED, text(outcome)[:LONGEST_TAG])
