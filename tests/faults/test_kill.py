"""`kill -9` of the driver and of a worker: nothing is lost, nothing is doubled, nothing is left RUNNING."""

import os
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest
import torch
from helpers.faults.driver import end, start, wait_for_an_epoch, wait_for_the_end_of, workers
from mlflow import MlflowClient
from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.training.trial import Storage, run

SPEC = """
name: killed
base:
  data: digits
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 12, batch_size: 64, lr: 0.1}
  evaluation: [{name: knn, k: 5}]
grid:
  training.lr: [0.05, 0.1]
seeds: 2
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    threads = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(threads)


def check_the_record(folder: Path, encoder_id: str | None = None) -> None:
    """Exactly one run a trial, all FINISHED, no point twice, and the numbers of an uninterrupted trial.

    These are compared for the trial of that encoder, or the first one of the plan.
    """
    uri = f"sqlite:///{folder}/mlflow.db"
    plan = make(load(folder / "spec.yaml"), uri)
    client = MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name("killed").experiment_id])
    assert {r.info.status for r in runs} == {"FINISHED"}
    trials = {r.data.tags["probeline.trial_id"]: r for r in runs if r.data.tags["probeline.kind"] == "trial"}
    assert sorted(trials) == sorted(trial.id for trial in plan.trials)
    assert len(runs) == len(trials) + 1
    for done in trials.values():
        steps = Counter(point.step for point in client.get_metric_history(done.info.run_id, "train/loss"))
        assert steps == dict.fromkeys(range(1, plan.trials[0].cell.recipe["training"]["epochs"] + 1), 1)
    torch.set_num_threads(1)  # as in the worker: another number of threads adds up in another order
    trial = next(trial for trial in plan.trials if encoder_id in (None, trial.encoder_id))
    alone = [said for said in run(trial, Storage(folder / "alone")) if isinstance(said, Record)]
    expected = {record.name: record.value for record in alone if record.name.startswith(("knn", "train"))}
    metrics = trials[trial.id].data.metrics
    assert {name: metrics[name] for name in expected} == expected


def test_a_killed_driver_loses_nothing(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    children = psutil.Process(driver.pid).children(recursive=True)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    wait_for_the_end_of(children)

    again = start(folder)
    said = end(again)
    assert again.returncode == 0, said
    check_the_record(folder)


def test_a_killed_worker_is_replaced_within_the_run(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    os.kill(workers(psutil.Process(driver.pid))[0].pid, signal.SIGKILL)
    said = end(driver)
    assert driver.returncode == 0, said
    assert "4 trials finished" in said
    check_the_record(folder)


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    driver.send_signal(signal.SIGINT)
    said = end(driver)
    assert driver.returncode == 130, said
    assert "interrupted" in said
    assert "probeline run spec.yaml" in said
    assert "Traceback" not in said

    again = start(folder)
    said = end(again)
    assert again.returncode == 0, said
    check_the_record(folder)
