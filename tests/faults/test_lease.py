"""Two drivers on one experiment at a real tracking server, each in a folder of its own as on two machines."""

import json
import socket
import time

import psutil
import pytest
from helpers.faults.driver import end, start, trial_runs, wait_for_an_epoch, wait_for_the_end_of
from helpers.faults.record import SPEC, check_the_record
from helpers.mlflow_server import MlflowServer
from mlflow import MlflowClient
from probeline.tracking.server import lease

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    """Its database is where `check_the_record` looks, beside the spec."""
    (tmp_path / "spec.yaml").write_text(SPEC.replace("epochs: 12", "epochs: 40").replace("seeds: 2", "seeds: 1"))
    started = MlflowServer(tmp_path, tmp_path / "mlflow.db").start()
    yield started
    started.kill()


@pytest.fixture
def folders(tmp_path):
    made = tmp_path / "one", tmp_path / "two"
    for folder in made:
        folder.mkdir()
    return made


@pytest.fixture
def drive(server):
    """Starts `probeline run` in a folder."""
    return lambda folder: start(folder, "--tracking-uri", server.uri, spec="../spec.yaml")


def at_work(server: MlflowServer) -> tuple[MlflowClient, str, dict | None]:
    """A client, the experiment's id, and who says to be at work."""
    client = MlflowClient(server.uri)
    found = client.get_experiment_by_name("killed")
    said = found.tags[lease.TAG]
    return client, found.experiment_id, None if said == lease.NOBODY else json.loads(said)


def test_of_two_drivers_that_start_at_once_one_trains_and_the_other_is_told_who_does(server, folders, drive, tmp_path):
    drivers = {folder: drive(folder) for folder in folders}
    said = {folder: end(driver) for folder, driver in drivers.items()}
    codes = {folder: driver.returncode for folder, driver in drivers.items()}
    assert sorted(codes.values()) == [0, 2], said
    worked, turned_away = sorted(folders, key=codes.get)
    assert "2 trials finished" in said[worked]
    where = f"on {socket.gethostname()} (process {drivers[worked].pid}), with the same MLflow server"
    assert said[turned_away].splitlines()[-1].startswith(f"another run of 'killed' is at work {where}")
    assert "Traceback" not in said[turned_away]
    assert list((worked / ".probeline/encoders").iterdir())
    assert not (turned_away / ".probeline/encoders").exists()
    assert at_work(server)[2] is None
    check_the_record(tmp_path)


@pytest.mark.parametrize("machine", ["this one", "another"])
def test_a_killed_driver_holds_the_next_one_up_for_no_longer_than_its_signs_of_life_are_waited_for(
    server, folders, drive, tmp_path, machine
):
    first = drive(folders[0])
    wait_for_an_epoch(folders[0])
    children = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.wait()
    wait_for_the_end_of(children)
    client, experiment, holder = at_work(server)
    assert holder["pid"] == first.pid  # it could not take its sign away
    if machine == "another":  # whose processes nobody here can see
        client.set_experiment_tag(experiment, lease.TAG, json.dumps(holder | {"host": "another"}))

    second = drive(folders[1])
    planned = second.stdout.readline()  # "2 trials to run": then it asks who is at work
    begun = time.monotonic()
    while (now := at_work(server)[2])["pid"] != second.pid:
        assert second.poll() is None and time.monotonic() - begun < 300
        time.sleep(0.1)
    waited = time.monotonic() - begun
    said = planned + end(second)
    assert second.returncode == 0, said
    assert now["token"] != holder["token"]
    promised = lease.HEARTBEAT_TIMEOUT_S if machine == "another" else 0
    assert promised - 1 <= waited < promised + 30  # what is above is this machine's to answer for
    check_the_record(tmp_path)
    assert {run.info.status for run in trial_runs(tmp_path, "killed")} == {"FINISHED"}
