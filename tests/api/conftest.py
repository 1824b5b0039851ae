"""A project with a small experiment whose four trials have finished, their encoders stored, in its MLflow."""

import shutil
from pathlib import Path

import pytest
from probeline.api.workspace import Workspace
from probeline.core.events import Artifact
from probeline.execution.code_changes import ARTIFACT
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.tracking.writing.experiments import describe
from probeline.tracking.writing.writer import Writer
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

SPEC = """
name: small
question: Does it run?
base:
  data: {name: digits, train_size: 100, test_size: 60}
  encoder: {name: resnet, width: 4}
  training: {epochs: 0}
  evaluation: [{name: knn, k: 1}]
grid: {method: [random_init, supervised]}
seeds: 2
report: {metric: knn/top1}
scales: {smoke: {seeds: 1, set: {data.train_size: 50}}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory, template) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "small.yaml").write_text(SPEC)
    shutil.copy(template, folder / "mlflow.db")
    plan = make(load(folder / "small.yaml"), f"sqlite:///{folder}/mlflow.db")
    info = describe(plan.experiment, SPEC, {"git_commit": "abc"})
    with Writer(f"sqlite:///{folder}/mlflow.db", info, folder / ".probeline") as writer:
        (folder / "changes.diff").write_text("-a = 1\n+a = 2\n")
        for trial in plan.trials:
            writer.started(trial, tags={"git_dirty": "true", "git_commit": "abc"})
            if trial.seed == 0:
                writer.artifacts(trial.id, [Artifact(ARTIFACT, folder / "changes.diff")])
            writer.events(trial.id, list(run(trial, Storage(folder / ".probeline"))))
            writer.finished(trial.id)
        assert not writer.close()
    return folder


@pytest.fixture
def workspace(project) -> Workspace:
    return Workspace(project / ".probeline", f"sqlite:///{project}/mlflow.db")


@pytest.fixture
def at_project(project, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
