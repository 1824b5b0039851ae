"""What MLflow keeps besides numbers: which experiments there are, their specs, and why a trial failed."""

from probeline.tracking.reading.artifact_file import read_artifact
from probeline.tracking.reading.results import store_errors
from probeline.tracking.reading.runs_client import TRIALS
from probeline.tracking.server.client import connect
from probeline.tracking.writing.experiments import PARENTS, parent_of

PAGE = 1000
MAX_TRACEBACK = 20_000
"""Characters of a traceback that are kept, its last ones."""


def experiments(uri: str) -> list[str]:
    """The names of Probeline's experiments: that of the latest trial first, then by age.

    Raises UserError where MLflow cannot be read.
    """
    with store_errors(uri):
        client = connect(uri)
        names = {each.experiment_id: each.name for each in client.search_experiments(max_results=PAGE)}
        if not names:
            return []
        newest = ["attributes.start_time DESC"]
        latest = client.search_runs(list(names), TRIALS, max_results=1, order_by=newest)
        parents = client.search_runs(list(names), PARENTS, max_results=PAGE, order_by=newest)
        return [names[key] for key in dict.fromkeys(run.info.experiment_id for run in [*latest, *parents])]


def spec(uri: str, experiment: str) -> str | None:
    """The YAML of an experiment as it was last run; None where it is not kept. Raises UserError."""
    with store_errors(uri):
        client = connect(uri)
        existing = client.get_experiment_by_name(experiment)
        parent = parent_of(client, existing.experiment_id) if existing else None
        return _text(uri, parent, "spec.yaml") if parent else None


def traceback(uri: str, run_id: str) -> str | None:
    """The end of a failed trial's traceback; None where it left none. Raises UserError."""
    with store_errors(uri):
        text = _text(uri, run_id, "traceback.txt")
        return text and text[-MAX_TRACEBACK:]


def _text(uri: str, run_id: str, name: str) -> str | None:
    content = read_artifact(uri, run_id, name)
    return None if content is None else content.decode("utf-8", errors="replace")
