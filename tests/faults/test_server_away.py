"""The command against a tracking server that is away: when it plans, before the first trial, and at the end.

MLflow's own client would try again for minutes; ours never tries a request twice, and the spool waits instead. So any
outage here is longer than the client's retries.
"""

import socket
import time
from pathlib import Path

import pytest
from helpers.faults.driver import end, start, wait_for_an_epoch
from helpers.faults.record import SPEC, check_the_record


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


@pytest.mark.parametrize("listens", [False, True])
def test_a_server_that_is_down_or_hangs_when_a_run_is_planned_is_one_message(folder, listens):
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        if listens:  # it takes the request and never answers
            place.listen()
        uri = f"http://127.0.0.1:{place.getsockname()[1]}"
        driver = start(folder, "--tracking-uri", uri)
        said = end(driver, seconds=60)  # MLflow's client alone needs four minutes
    assert driver.returncode == 2, said
    assert said.startswith(f"MLflow server {uri}: does not answer ({'timed out' if listens else '[Errno 111]'}")
    assert "start it, correct --tracking-uri or MLFLOW_TRACKING_URI" in said
    assert "Traceback" not in said
    assert not (folder / ".probeline").exists()


def ended_in_spool(folder: Path) -> int:
    return sum('"op":"finished"' in path.read_text() for path in (folder / ".probeline/spool").glob("*/*.jsonl"))


@pytest.mark.slow
def test_a_server_that_goes_after_planning_and_comes_back_costs_nothing(server, folder):
    driver = start(folder, "--tracking-uri", server.uri)
    assert "4 trials to run" in driver.stdout.readline()
    server.kill()
    until = time.monotonic() + 300
    while ended_in_spool(folder) < 4 and time.monotonic() < until:
        time.sleep(0.2)
    server.start()
    said = end(driver)
    assert driver.returncode == 0, said
    assert "4 trials finished" in said
    check_the_record(folder)
    assert not list((folder / ".probeline/spool").glob("*/*.jsonl"))


@pytest.mark.slow
def test_what_a_server_missed_at_the_end_is_sent_by_the_next_run_which_runs_nothing_again(server, folder):
    driver = start(folder, "--tracking-uri", server.uri)
    wait_for_an_epoch(folder)
    server.kill()
    said = end(driver, seconds=400)
    assert driver.returncode == 1, said
    assert "4 trials finished" in said
    assert "they are safe in" in said
    assert "Traceback" not in said

    server.start()
    again = start(folder, "--tracking-uri", server.uri)
    said = end(again)
    assert again.returncode == 0, said
    assert "finished in an earlier run, not in MLflow yet, sent now: 4 trials" in said
    assert "Nothing was left to run" in said
    check_the_record(folder)
