"""MLflow's own interface on our runs, in a real browser: what a person compares is there under its name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.browser import Look
from helpers.dashboard_runs import project
from helpers.loopback import free_port, until_it_answers
from mlflow import MlflowClient

pytestmark = pytest.mark.slow

SPEC = """
name: compared
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  training: {epochs: 4, batch_size: 64}
grid:
  method: [simclr, rotation]
  training.lr: [0.1, 0.2]
seeds: 1
report: {metric: linear_probe/top1}
"""
PATIENCE = 120_000  # ms


@pytest.fixture
def address(tmp_path):
    """`probeline ui` in a folder with four finished trials."""
    project(tmp_path, SPEC, lambda number, trial: "finished")
    port = free_port()
    command = [str(Path(sys.executable).with_name("probeline")), "ui", "--port", str(port)]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log) as server:
        try:
            until_it_answers(f"http://127.0.0.1:{port}/health", server, tmp_path / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def test_the_compare_page_opens_with_the_axes_first_and_runs_that_a_person_can_tell_apart(visit, address, tmp_path):
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("compared").experiment_id
    report = [str(Path(sys.executable).with_name("probeline")), "report", "spec.yaml"]
    subprocess.run(report, cwd=tmp_path, check=True, capture_output=True)
    told = client.get_experiment(experiment).tags["mlflow.note.content"]
    link = re.search(r"\[Compare 4 trials\]\((.*?)\)", told)[1]
    page = visit(f"{address}/{link}", Look(1500, 1100))
    page.get_by_text("Comparing 4 Runs from 1 Experiment").wait_for(timeout=PATIENCE)
    plot = page.locator(".js-plotly-plot")
    plot.locator("text", has_text="axis.method").wait_for(timeout=PATIENCE)
    drawn = plot.locator(".axis-title").all_text_contents()
    assert drawn[:2] == ["axis.method", "axis.training.lr"]  # MLflow takes the first params in the alphabet's order
    for name in ("simclr lr=0.1 seed=0", "rotation lr=0.2 seed=0"):
        assert page.get_by_text(name).count() >= 1
    theirs = "users/current"  # which MLflow 3.17 asks for and does not have where there is no login
    assert [each for each in visit.complaints if theirs not in each] == []
    visit.complaints.clear()
