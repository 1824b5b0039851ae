"""Runs in different folders, or on different machines, that share a tracking server."""

import json
import shutil
import socket
import subprocess
import threading
import time

import pytest
from helpers.mlflow_server import MlflowServer
from probeline.errors import UserError
from probeline.tracking.server import lease
from probeline.tracking.server.client import connect
from probeline.tracking.server.lease import Holder, held
from probeline.tracking.writing.experiments import ExperimentInfo, Homes


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    for name, seconds in {"HEARTBEAT_S": 0.4, "HEARTBEAT_TIMEOUT_S": 4.0, "SETTLE_S": 0.6}.items():
        monkeypatch.setattr(lease, name, seconds)


@pytest.fixture(scope="module")
def server(template, tmp_path_factory):
    """One for all: each test has an experiment of its own."""
    folder = tmp_path_factory.mktemp("server")
    server = MlflowServer(folder, shutil.copy(template, folder / "mlflow.db")).start()
    yield server
    server.kill()


@pytest.fixture
def shared(request):
    return ExperimentInfo(request.node.name)


@pytest.fixture
def take(server, shared, tmp_path):
    """A run that says it is at work on the test's experiment."""
    return lambda lost=lambda: None: held(server.uri, shared, tmp_path, lost)


@pytest.fixture
def write(server, shared, tmp_path):
    """Puts a holder there as another process would."""
    client = connect(server.uri)
    place = Homes(client, server.uri, tmp_path, shared).of(shared.name).experiment_id

    def put(host, pid, token="other"):
        client.set_experiment_tag(place, lease.TAG, json.dumps({"host": host, "pid": pid, "token": token, "beats": 0}))

    return put


def test_a_second_run_is_turned_away_and_told_where_the_first_one_is(take):
    with (
        take(),
        pytest.raises(UserError, match=f"another run of .* is at work on {socket.gethostname()}"),
        take(),
    ):
        pass
    with take() as waited:  # the first one has left
        assert not waited


def test_of_two_that_start_at_once_one_works(take):
    ways, both, release = [], threading.Barrier(2), threading.Event()

    def start():
        both.wait()
        try:
            with take():
                ways.append("works")
                release.wait(60)
        except UserError:
            ways.append("turned away")

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while len(ways) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    release.set()
    for thread in threads:
        thread.join()
    assert sorted(ways) == ["turned away", "works"]


def test_a_holder_that_died_on_another_machine_is_waited_for_and_replaced(take, write):
    write("elsewhere", 1)
    start = time.monotonic()
    with take() as waited:
        assert waited
        assert time.monotonic() - start >= lease.HEARTBEAT_TIMEOUT_S


def test_a_process_that_died_here_is_known_to_be_gone(write, take):
    gone = subprocess.Popen(["true"])
    gone.wait()
    write(socket.gethostname(), gone.pid)
    assert Holder(socket.gethostname(), gone.pid, "other").dead
    with take() as waited:
        assert not waited


def test_a_holder_that_was_taken_for_dead_is_told(take, write):
    told = threading.Event()
    with take(told.set):
        write("elsewhere", 1, "a third one")
        assert told.wait(60)


def test_a_server_that_is_away_is_no_obstacle(take, server):
    server.kill()
    with take():
        pass
