"""`kill -9` of the driver and of a worker: nothing is lost, nothing is doubled, nothing is left RUNNING."""

import signal

import psutil
import pytest
import torch
from helpers.faults.driver import end, start, wait_for_an_epoch, wait_for_the_end_of, workers
from helpers.faults.record import SPEC, check_the_record


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    threads = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(threads)


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
    worker = workers(psutil.Process(driver.pid))[0]
    assert worker.nice() == psutil.Process(driver.pid).nice(), "trials have the priority of their command"
    worker.kill()
    said = end(driver)
    assert driver.returncode == 0, said
    assert "4 trials finished" in said
    check_the_record(folder)


@pytest.mark.slow
@pytest.mark.parametrize("process", ["gcs_server", "raylet"])
def test_a_run_whose_ray_head_is_killed_says_so_and_the_next_one_goes_on(folder, process):
    driver = start(folder)
    wait_for_an_epoch(folder, 400)
    children = psutil.Process(driver.pid).children(recursive=True)
    next(child for child in children if child.name() == process).kill()
    said = end(driver)
    wait_for_the_end_of(children)
    assert driver.returncode == 1, said
    assert "Ray's head or raylet has gone" in said and "budget" not in said
    assert "Traceback" not in said

    again = start(folder)
    said = end(again)
    assert again.returncode == 0, said
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
