"""The MLflow experiment of a spec, and the parent run that its trials' runs hang under."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from probeline.errors import UserError
from probeline.experiment.schema import Experiment as Specified
from probeline.storage.markdown_text import at_line_start, escaped
from probeline.tracking.server.acceptance import deleted
from probeline.tracking.server.location import artifact_location
from probeline.tracking.server.mlflow_names import LONGEST_TAG, text

if TYPE_CHECKING:
    from mlflow.entities import Experiment, Run
    from mlflow.tracking import MlflowClient

PARENTS = "tags.`probeline.kind` = 'experiment'"  # runs that hold an experiment's trials
NOTE = "mlflow.note.content"  # what MLflow's UI shows as the description
TAGS_AT_ONCE = 100  # MLflow's limit of a request
KIND = ("mlflow.experimentKind", "custom_model_development")  # not language models: runs and charts, no traces


@dataclass(frozen=True)
class ExperimentInfo:
    """What MLflow shows about an experiment: its name, a description in Markdown, the spec as written, tags.

    `changes`: the diff of the code that runs from its commit, "" for none.
    """

    name: str
    description: str = ""
    spec_text: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    changes: str = ""


def describe(experiment: Specified, spec: str, provenance: Mapping[str, str]) -> ExperimentInfo:
    """What MLflow shows of an experiment whose file says `spec`; its texts are no Markdown, so no link and no HTML."""
    expected = escaped(experiment.expected)
    parts = [at_line_start(escaped(experiment.question)), f"*Expected:* {expected}" if expected else ""]
    return ExperimentInfo(experiment.name, "\n\n".join(filter(None, parts)), spec, provenance)


@dataclass(frozen=True)
class Home:
    """Where an experiment's trials go: ids of the MLflow experiment and of the parent run."""

    experiment_id: str
    parent_id: str


class Homes:
    """Finds or makes each experiment's home, once."""

    def __init__(self, client: "MlflowClient", uri: str, workdir: Path, own: ExperimentInfo) -> None:
        self._client, self._uri, self._workdir, self._own = client, uri, workdir, own
        self._homes: dict[str, Home] = {}
        self._described = False

    def of(self, name: str) -> Home:
        """The home of the experiment `name`."""
        if name not in self._homes:
            experiment_id = self.experiment(name)
            self._homes[name] = Home(experiment_id, self._parent(experiment_id, name))
        if name == self._own.name and not self._described:
            self._describe(self._homes[name])
            self._described = True
        return self._homes[name]

    def forget(self) -> None:
        """Look everything up again: something was deleted."""
        self._homes.clear()
        self._described = False

    def experiment(self, name: str) -> str:
        """The id of the MLflow experiment `name`, made if there is none. Raises UserError where it was deleted."""
        existing: Experiment | None = self._client.get_experiment_by_name(name)
        if existing is None:
            location = artifact_location(self._uri, name, self._workdir)
            return self._client.create_experiment(name, location, dict([KIND]))
        if existing.lifecycle_stage != "active":
            raise UserError(deleted(self._uri, name, existing.experiment_id))
        if KIND[0] not in existing.tags:
            self._client.set_experiment_tag(existing.experiment_id, *KIND)
        return existing.experiment_id

    def _parent(self, experiment_id: str, name: str) -> str:
        run = _oldest_parent(self._client, experiment_id)
        if run is None:
            run = self._client.create_run(experiment_id, run_name=name, tags={"probeline.kind": "experiment"})
        if run.info.status == "RUNNING":  # a folder, not a process; a lost reply may have kept it from being ended
            self._client.set_terminated(run.info.run_id)
        return run.info.run_id

    def _describe(self, home: Home) -> None:
        from mlflow.entities import RunTag

        note(self._client, home, self._own.description)
        tags = [RunTag(key, text(value)[:LONGEST_TAG]) for key, value in self._own.tags.items()]
        for start in range(0, len(tags), TAGS_AT_ONCE):
            self._client.log_batch(home.parent_id, tags=tags[start : start + TAGS_AT_ONCE])
        if self._own.spec_text:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "spec.yaml"
                file.write_text(text(self._own.spec_text), encoding="utf-8")
                self._client.log_artifact(home.parent_id, str(file))


def parent_of(client: "MlflowClient", experiment_id: str) -> str | None:
    """The id of the run that holds an experiment's trials: the oldest, should two writers have made one at once."""
    oldest = _oldest_parent(client, experiment_id)
    return None if oldest is None else oldest.info.run_id


def _oldest_parent(client: "MlflowClient", experiment_id: str) -> "Run | None":
    return next(
        iter(client.search_runs([experiment_id], PARENTS, max_results=1, order_by=["attributes.start_time ASC"])), None
    )


def note(client: "MlflowClient", home: Home, description: str) -> None:
    """Make `description`, in Markdown, what MLflow's UI shows of the experiment and of its parent run."""
    cut = text(description)[:LONGEST_TAG]
    client.set_experiment_tag(home.experiment_id, NOTE, cut)
    client.set_tag(home.parent_id, NOTE, cut)
