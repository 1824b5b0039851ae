"""SIGTERM: to a worker, whose trial goes on elsewhere, and to the driver, whose next run goes on."""

import os
import signal

import psutil
import pytest
from helpers.faults.driver import (
    check_resumed,
    checkpoints,
    end,
    start,
    trial_runs,
    wait_for_an_epoch,
    wait_for_the_end_of,
    wait_for_trials_at_work,
    workers,
)
from helpers.faults.record import SPEC, check_the_record


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


@pytest.mark.slow
def test_a_worker_told_to_go_keeps_its_state_and_uses_up_no_retry(folder):
    (folder / "spec.yaml").write_text(SPEC.replace("epochs: 12", "epochs: 40"))
    driver = start(folder)
    wait_for_trials_at_work(folder, min(4, os.cpu_count()), 120)
    os.kill(workers(psutil.Process(driver.pid))[0].pid, signal.SIGTERM)
    said = end(driver)
    assert driver.returncode == 0, said
    assert "4 trials finished, 1 started again (preempted)" in said
    runs = trial_runs(folder, "killed")
    (sent,) = (run.data.tags for run in runs if "probeline.restarts" in run.data.tags)
    assert sent["probeline.restarts"] == "preempted"
    check_resumed(runs, {sent["probeline.encoder_id"]})
    check_the_record(folder)


def test_a_driver_told_to_go_stops_in_good_order_and_the_next_run_goes_on(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    driver.send_signal(signal.SIGTERM)
    said = end(driver)
    assert driver.returncode == 143, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert {run.info.status for run in trial_runs(folder, "killed")} <= {"FINISHED", "KILLED"}
    kept = checkpoints(folder)
    assert kept

    again = start(folder)
    said = end(again)
    assert again.returncode == 0, said
    check_resumed(trial_runs(folder, "killed"), kept)
    check_the_record(folder)


@pytest.mark.slow
def test_sigterm_to_every_process_at_once_ends_the_run_without_waiting_for_ray(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    children = psutil.Process(driver.pid).children(recursive=True)
    os.killpg(driver.pid, signal.SIGTERM)  # as `timeout` and service managers do: Ray's own processes go too
    said = end(driver, seconds=45)  # Ray waits for its head for a minute, and then ends the process without a word
    assert driver.returncode == 143, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert {run.info.status for run in trial_runs(folder, "killed")} <= {"FINISHED", "KILLED"}
    wait_for_the_end_of(children)

    again = start(folder)
    said = end(again)
    assert again.returncode == 0, said
    check_the_record(folder)


@pytest.mark.slow
def test_ctrl_c_twice_ends_at_once_and_the_next_run_goes_on(folder):
    driver = start(folder)
    wait_for_an_epoch(folder)
    driver.send_signal(signal.SIGINT)
    driver.send_signal(signal.SIGINT)
    said = end(driver)
    assert driver.returncode == 130, said
    assert "Traceback" not in said

    again = start(folder)
    said = end(again)
    assert again.returncode == 0, said
    check_the_record(folder)
