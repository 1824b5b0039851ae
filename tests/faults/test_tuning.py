"""`kill -9` of the driver in the middle of a study: it goes on, tells every point once, and its winner runs."""

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from statistics import fmean

import psutil
import pytest
from helpers.faults.driver import end, start, wait_for_the_end_of
from mlflow import MlflowClient
from probeline.execution.planning.plan import make
from probeline.experiment.load import load

SPEC = """
name: tuned
base:
  data: {name: digits, train_size: 400, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 2, batch_size: 64}
  evaluation: linear_probe
seeds: 2
tune:
  space: {training.lr: {log_uniform: [0.01, 1.0]}}
  trials: 4
  seeds: 2
"""
SCORE = "linear_probe/validation_top1"


def wait_for_a_point(folder: Path) -> None:
    """Until the study has told its first point."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        if any('"study/value"' in path.read_text() for path in (folder / ".probeline/spool").glob("*/*.jsonl")):
            return
        time.sleep(0.1)
    raise AssertionError("no point of the study was told within ten minutes")


@pytest.mark.slow
def test_a_study_whose_driver_was_killed_goes_on_and_tells_every_point_once(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    driver = start(tmp_path)
    wait_for_a_point(tmp_path)
    children = psutil.Process(driver.pid).children(recursive=True)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    wait_for_the_end_of(children)

    again = start(tmp_path)
    said = end(again)
    assert again.returncode == 0, said
    plan = make(load(tmp_path / "spec.yaml"), uri := f"sqlite:///{tmp_path}/mlflow.db")
    assert (plan.counts(), plan.studies) == ({"finished": 2}, [])

    client = MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name("tuned").experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    kinds = Counter(run.data.tags["probeline.kind"] for run in runs)
    assert kinds == {"experiment": 1, "study": 1, "tuning": 4 * 2, "trial": 2}
    trial_ids = Counter(run.data.tags.get("probeline.trial_id") for run in runs)
    assert set(trial_ids.values()) == {1}

    (study,) = (run for run in runs if run.data.tags["probeline.kind"] == "study")
    told = Counter(point.step for point in client.get_metric_history(study.info.run_id, "study/value"))
    assert told == dict.fromkeys((1, 2, 3, 4), 1)
    history = json.loads(Path(client.download_artifacts(study.info.run_id, "study.json")).read_text())["trials"]
    assert [(point["number"], point["state"]) for point in history] == [(n, "complete") for n in range(4)]
    for point in history:
        scores = [
            run.data.metrics[SCORE]
            for run in runs
            if run.data.tags["probeline.kind"] == "tuning"
            and run.data.tags["probeline.study_trial"] == str(point["number"])
        ]
        assert len(scores) == 2
        assert point["value"] == pytest.approx(fmean(scores))
