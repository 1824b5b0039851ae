"""Trials that go wrong by themselves: each fails alone, in its class, and the others go on."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.faults.cells import with_faulty_cells
from helpers.faults.driver import end, start, trial_runs
from mlflow import MlflowClient


def status(folder) -> str:
    command = [sys.executable, "-m", "probeline.cli", "status", "spec.yaml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_an_exception_no_memory_and_no_finite_loss_fail_their_cells_and_no_other(folder):
    with_faulty_cells(folder, "exception", "memory", more="  wild: {method: rotation, training.lr: 1.0e+30}\n")
    driver = start(folder)
    said = end(driver)
    assert driver.returncode == 1, said
    assert "2 trials finished" in said
    assert all(f"1 {kind}" in said for kind in ("error", "out_of_memory", "diverged"))
    assert "started again" not in said
    failed = {
        run.data.tags["probeline.cell"]: run for run in trial_runs(folder, "faults") if run.info.status == "FAILED"
    }
    assert set(failed) == {"exception", "memory", "wild"}
    assert failed["exception"].data.tags["probeline.message"] == "ZeroDivisionError: a mistake in a user's file"
    assert "my_plugins/faulty.py" in traceback_of(folder, failed["exception"])
    shown = status(folder)
    assert "user error (error)  exception seed=0" in shown
    assert "out of memory (out_of_memory)  memory seed=0" in shown
    assert "lower training.batch_size" in shown
    assert "diverged  wild seed=0" in shown
    assert shown.count("the next run tries it again") == 2
    assert shown.count("it is not run again: the same seed fails again") == 1
    assert "knn/top1" not in failed["wild"].data.metrics  # a number would be averaged


def traceback_of(folder, run) -> str:
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return Path(client.download_artifacts(run.info.run_id, "traceback.txt")).read_text()


def test_a_device_error_ends_the_process_that_got_it_and_its_trial_starts_again(folder):
    with_faulty_cells(folder, "poison", once=True, more="  after: {method: {name: my_plugins.faulty, fault: memory}}\n")
    (folder / "it_happened_too").touch()
    spec = folder / "spec.yaml"
    spec.write_text(spec.read_text().replace("fault: memory", f"fault: memory, once: {folder / 'it_happened_too'}"))
    driver = start(folder)
    said = end(driver)
    assert driver.returncode == 0, said
    assert "4 trials finished, 1 started again (lost_device)" in said
    bad = next(run for run in trial_runs(folder, "faults") if run.data.tags["probeline.cell"] == "poison")
    assert bad.data.tags["probeline.restarts"] == "lost_device"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["sleep", "stopped"])
def test_a_trial_without_a_sign_of_life_is_killed_and_started_again(folder, fault):
    with_faulty_cells(folder, fault, once=True, more="resources: {patience_minutes: 0.5}\n")
    driver = start(folder)
    said = end(driver)
    assert driver.returncode == 0, said
    assert "3 trials finished, 1 started again (hung)" in said
    bad = next(run for run in trial_runs(folder, "faults") if run.data.tags["probeline.cell"] == fault)
    assert bad.data.tags["probeline.restarts"] == "hung"
    assert bad.info.status == "FINISHED"


@pytest.mark.slow
def test_a_trial_that_hangs_again_and_again_fails_and_says_where(folder):
    with_faulty_cells(folder, "sleep", more="resources: {patience_minutes: 0.5}\n")
    driver = start(folder)
    said = end(driver)
    assert driver.returncode == 1, said
    assert "2 trials finished, 1 hung" in said
    (bad,) = (run for run in trial_runs(folder, "faults") if run.info.status == "FAILED")
    assert "my_plugins/faulty.py" in traceback_of(folder, bad)
    assert "infrastructure" in status(folder)
