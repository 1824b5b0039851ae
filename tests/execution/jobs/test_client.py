"""Experiments as jobs of a real Ray cluster of two nodes, by the commands as a user types them."""

import signal
import subprocess
from pathlib import Path

import pytest
from helpers.commands import MINUTES, SECRET, client, said, submit
from helpers.faults.driver import check_resumed, checkpoints, end, trial_runs, wait_for_an_epoch
from helpers.faults.record import SPEC, check_the_record

pytestmark = pytest.mark.slow
TINY = """
name: tiny_job
base:
  data: {name: digits, train_size: 100, test_size: 50}
  encoder: {name: resnet, width: 4}
  method: my_plugins.colours
  training: {batch_size: 50}
  evaluation: [{name: knn, k: 5}]
"""
PLUGIN = """
from probeline.methods.floors.random_init import RandomInit
from probeline.core.settings import Settings


class Config(Settings):
    pass


class Colours(RandomInit):
    pass  # ends here
"""
FAULT = """
    def __init__(self, *facts):
        raise OSError("a mistake in a user's file")
"""


@pytest.fixture
def project(tmp_path):
    """A repository with an experiment, a plug-in of its own, and three places that hold a secret."""
    (tmp_path / "my_plugins").mkdir()
    (tmp_path / "keys").mkdir()
    for name, text in {
        "spec.yaml": TINY,
        "my_plugins/colours.py": PLUGIN,
        ".env": f"MY_TOKEN={SECRET}\n",
        "keys/server.key": SECRET,
        ".gitignore": "mlflow.db\nmlartifacts\n.probeline\n",
    }.items():
        (tmp_path / name).write_text(text)
    for words in (["init"], ["add", "."], ["-c", "user.email=a@b", "-c", "user.name=a", "commit", "-m", "all"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)
    return tmp_path


def test_a_job_brings_its_project_and_no_secret_and_a_second_one_has_nothing_to_do(cluster, project):
    first = submit(cluster, project)
    log = end(first, MINUTES)
    assert first.returncode == 0, log
    assert "not packed: .env" in log
    assert "1 trial finished" in log
    (run,) = trial_runs(project, "tiny_job")
    head = subprocess.run(["git", "-C", project, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert run.data.tags["probeline.git_commit"] == head
    assert (
        holders(SECRET, cluster.temporary, project / "mlflow.db", project / "mlartifacts", project / ".probeline") == []
    )
    assert SECRET not in log

    jobs = said(cluster, project, "status", "spec.yaml", "--address", cluster.address)
    assert jobs.count("succeeded") == 1
    assert "1 trial finished" in said(cluster, project, "logs", "spec.yaml", "--no-follow")
    second = submit(cluster, project)
    log = end(second, MINUTES)
    assert second.returncode == 0, log
    assert "Nothing was left to run" in log
    assert len(trial_runs(project, "tiny_job")) == 1


def holders(text: str, *places: Path) -> list[Path]:
    """The files below the places that hold a text."""
    files = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*")))]
    assert len(files) > 20
    return [path for path in files if path.is_file() and text.encode() in path.read_bytes()]


def test_a_client_may_leave_and_a_job_that_was_stopped_goes_on_when_submitted_again(cluster, project):
    (project / "spec.yaml").write_text(SPEC)
    first = submit(cluster, project)
    wait_for_an_epoch(project, MINUTES)
    first.send_signal(signal.SIGINT)
    left = end(first, MINUTES)
    assert first.returncode == 130, left
    assert "goes on" in left.splitlines()[-1]
    assert "running" in said(cluster, project, "status", "spec.yaml", "--address", cluster.address)

    refused = submit(cluster, project)
    assert "is at work on this cluster as killed-" in end(refused, MINUTES)
    assert refused.returncode == 2

    assert "stopped" in said(cluster, project, "stop", "spec.yaml")
    log = said(cluster, project, "logs", "spec.yaml", "--no-follow")
    assert "interrupted" in log
    assert "Traceback" not in log
    runs = trial_runs(project, "killed")
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}
    kept = checkpoints(project)
    assert kept

    again = submit(cluster, project, "--detach")
    assert again.wait(MINUTES) == 0
    log = said(cluster, project, "logs", "spec.yaml")
    finished = sum(run.info.status == "FINISHED" for run in runs)
    assert f" to run, {finished} of 4 already done" in log
    check_resumed(trial_runs(project, "killed"), kept)
    check_the_record(project)


def test_the_commands_exit_code_is_the_jobs(cluster, project):
    (project / "my_plugins/colours.py").write_text(PLUGIN.replace("    pass  # ends here\n", FAULT))
    failing = submit(cluster, project)
    assert "1 error" in end(failing, MINUTES)
    assert failing.returncode == 1

    alone = client(cluster, project, "submit", "spec.yaml", "--tracking-uri", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9" in end(alone, MINUTES)
    assert alone.returncode == 2
