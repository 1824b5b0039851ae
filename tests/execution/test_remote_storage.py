"""Runs whose encoders and checkpoints are in a real S3-compatible server, by the command as a user types it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.faults.driver import check_resumed, end, trial_runs, wait_for_an_epoch
from helpers.faults.record import SPEC, check_the_record
from helpers.s3_server import S3Server
from mlflow import MlflowClient

MINUTES = 8 * 60
"""Seconds that a run may take on a busy machine."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = S3Server(tmp_path_factory.mktemp("s3"))
    yield started
    started.end()


@pytest.fixture
def project(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


@pytest.fixture
def probeline(server, project):
    """Starts a command of the project with its storage in the bucket; the login is in the environment alone."""

    def command(name: str, *words: str, **environment: str) -> subprocess.Popen:
        variables = {**os.environ, "PYTHONUNBUFFERED": "1", **server.environment, **environment}
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "probeline.cli",
                name,
                "spec.yaml",
                "--storage",
                f"s3://trials/{project.name}",
                *words,
            ],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=variables,
        )

    return command


def said(process: subprocess.Popen, code: int = 0) -> str:
    text = end(process, MINUTES)
    assert process.returncode == code, text
    assert "Traceback" not in text
    return text


def test_a_run_that_was_interrupted_goes_on_from_its_checkpoint_in_s3(server, project, probeline):
    first = probeline("run")
    wait_for_an_epoch(project, MINUTES)
    first.send_signal(signal.SIGTERM)
    said(first, 143)
    kept = {Path(name).stem for name in server.names(f"{project.name}/checkpoints/")}
    assert kept

    said(probeline("run"))
    check_resumed(trial_runs(project, "killed"), kept)
    check_the_record(project)
    assert server.names(f"{project.name}/checkpoints/") == []
    assert not (project / ".probeline/encoders").exists()
    assert not (project / ".probeline/checkpoints").exists()
    places = [path for path in project.rglob("*") if path.is_file()]
    assert not [path for path in places if server.secret.encode() in path.read_bytes()]


def test_a_trial_of_two_workers_goes_on_from_its_checkpoint_in_s3(server, project, probeline):
    one = SPEC.replace("[0.05, 0.1]", "[0.1]").replace("seeds: 2", "seeds: 1\nresources: {workers: 2}")
    (project / "spec.yaml").write_text(one)
    first = probeline("run")
    wait_for_an_epoch(project, MINUTES)
    first.send_signal(signal.SIGTERM)
    said(first, 143)
    kept = {Path(name).stem for name in server.names(f"{project.name}/checkpoints/")}
    assert len(kept) == 1

    assert "1 trial finished" in said(probeline("run"))
    runs = trial_runs(project, "killed")
    check_resumed(runs, kept)
    points = MlflowClient(f"sqlite:///{project}/mlflow.db").get_metric_history(runs[0].info.run_id, "train/loss")
    assert sorted(point.step for point in points) == list(range(1, 13))
    assert server.names(f"{project.name}/checkpoints/") == []
    assert len(server.names(f"{project.name}/encoders/")) == 3


def test_encoders_in_s3_are_used_again_reach_mlflow_and_are_listed_by_gc(server, project, probeline):
    tiny = SPEC.replace("data: digits", "data: {name: digits, train_size: 200, test_size: 100}").replace("12", "2")
    (project / "spec.yaml").write_text(tiny)
    said(probeline("run"))
    encoders = server.names(f"{project.name}/encoders/")
    assert len(encoders) == 4 * 3

    wider = tiny.replace("{name: knn, k: 5}", "{name: knn, k: 5}, linear_probe")
    (project / "spec.yaml").write_text(wider)
    assert "4 of 4" not in said(probeline("plan"))
    assert "4 trials finished" in said(probeline("run"))
    runs = trial_runs(project, "killed")
    seconds = {}
    for run in runs:
        seconds.setdefault(run.data.tags["probeline.encoder_id"], set()).add(run.data.metrics["cost/train_seconds"])
    assert [len(each) for each in seconds.values()] == [1] * 4  # each trained once, for two trials
    one = next(run for run in runs if "linear_probe/top1" in run.data.metrics)
    client = MlflowClient(f"sqlite:///{project}/mlflow.db")
    kept = client.download_artifacts(one.info.run_id, "", str(project))
    names = {path.relative_to(kept).as_posix() for path in Path(kept).rglob("*")}
    assert {"encoder/encoder.safetensors", "encoder/encoder.json", "linear_probe/confusion.csv"} <= names

    (project / "spec.yaml").write_text(wider.replace("seeds: 2", "seeds: 1"))
    listed = said(probeline("gc"))
    assert f"s3://trials/{project.name}/encoders/" in listed
    assert listed.count("an encoder of no trial") == 2
    said(probeline("gc", "--delete"))
    assert len(server.names(f"{project.name}/encoders/")) == 2 * 3


def test_a_wrong_login_is_one_message_before_anything_runs(probeline, project):
    text = said(probeline("run", AWS_SECRET_ACCESS_KEY="planted-secret-4711"), 2)
    assert len(text.splitlines()) == 1
    assert f"storage s3://trials/{project.name}" in text
    assert "planted-secret" not in text
    assert not (project / "mlflow.db").exists()


def test_a_login_in_the_address_is_refused(probeline, project):
    text = said(probeline("run", "--storage", "s3://me:planted-secret@trials/a"), 2)
    assert "a login is no part of an address" in text
    assert "planted-secret" not in text
