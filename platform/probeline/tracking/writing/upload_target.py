"""The MLflow that records are sent to."""

from typing import TYPE_CHECKING

from probeline.tracking.reading.runs import open_runs
from probeline.tracking.writing.experiments import Homes

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


class UploadTarget:
    """Where deliveries go."""

    def __init__(self, client: "MlflowClient", uri: str, homes: Homes) -> None:
        self.client, self.homes = client, homes
        self._runs = open_runs(uri, client=client)

    def runs_of(self, trial_id: str) -> list[str]:
        """The runs of a trial over all experiments, oldest first."""
        return [run.run_id for run in self._runs.find([trial_id])] if self._runs else []
