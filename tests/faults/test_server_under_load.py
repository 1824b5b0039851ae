"""The team's server of infra/ for real: PostgreSQL, logins, and eight processes that write 200 trials at once."""

import base64
import json
import multiprocessing
import urllib.error
import urllib.request
from collections import Counter

import pytest
from helpers.faults.load import EACH, POINTS, expected, top1, trials_of, write
from helpers.infra_servers import Mlflow, Postgres
from helpers.trial_events import trial
from probeline.tracking.reading.results import frame, statuses
from probeline.tracking.reading.runs_client import ClientRuns
from probeline.tracking.server.client import connect
from probeline.tracking.server.location import resolve

PROCESSES = range(1, 9)
DATABASE, ADMIN, WRITER = "database-secret-4711", "admin-secret-4711-long", "writer-secret-4711-long"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The server, and in the environment the login of a user who may write."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    database = Postgres(DATABASE)
    server = Mlflow(tmp_path, database, ADMIN)
    try:
        database.start()
        server.start()
        make_user(server.uri)
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "writer")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", WRITER)
        yield server
    finally:
        alive = server.end()
        database.end()
    assert alive == []


def make_user(uri: str) -> None:
    body = json.dumps({"username": "writer", "password": WRITER}).encode()
    login = base64.b64encode(f"admin:{ADMIN}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{uri}/api/2.0/mlflow/users/create", body, headers)).close()


def run_at_once(uri: str, folder, **how: dict[int, int]) -> list[int]:
    """All processes at once; their exit codes."""
    spawn = multiprocessing.get_context("spawn")
    started = [
        spawn.Process(target=write, args=(uri, folder / str(number), number, *(how[key][number] for key in how)))
        for number in PROCESSES
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(700)
        if process.is_alive():
            process.kill()
            process.join()
    return [process.exitcode for process in started]


@pytest.mark.slow
def test_two_hundred_trials_of_eight_processes_arrive_once_and_whole(server, tmp_path):
    assert resolve(server.uri) == server.uri
    half = EACH // 2
    dying = run_at_once(
        server.uri,
        tmp_path,
        start=dict.fromkeys(PROCESSES, 0),
        die_in={number: trials_of(number)[half] for number in PROCESSES},
    )
    assert dying == [9] * len(PROCESSES)
    again = run_at_once(server.uri, tmp_path, start=dict.fromkeys(PROCESSES, half))
    assert again == [0] * len(PROCESSES), server.log[-3000:]

    numbers = [number for process in PROCESSES for number in trials_of(process)]
    trials = [trial(number) for number in numbers]
    assert len(trials) == 200
    found = statuses(server.uri, [said.id for said in trials])
    assert [found[said.id].status for said in trials] == [expected(number) for number in numbers]

    runs = ClientRuns(server.uri).find([said.id for said in trials])
    assert Counter(run.trial_id for run in runs) == Counter(said.id for said in trials)
    client = connect(server.uri)
    home = client.get_experiment_by_name("under_load").experiment_id
    every = client.search_runs([home], max_results=1000)
    kinds = Counter(run.data.tags["probeline.kind"] for run in every)
    assert kinds == {"trial": 200, "experiment": 1}
    ends = Counter(run.info.status for run in every if run.data.tags["probeline.kind"] == "trial")
    assert ends == {"FINISHED": 184, "FAILED": 8, "KILLED": 8}

    rows, history = frame(server.uri, trials, "under_load")
    done = [expected(number) == "finished" for number in numbers]
    assert rows["knn/top1"][done].tolist() == [top1(number) for number in numbers if expected(number) == "finished"]
    steps = history[history["name"] == "train/loss"]
    whole = list(range(1, POINTS + 1))
    by_trial = steps.groupby("trial_id")["step"].apply(sorted)
    assert all(by_trial[said.id] == whole for said, good in zip(trials, done, strict=True) if good)
    files = {path.read_text() for path in (tmp_path / "artifacts").rglob("answer.json")}
    assert files == {str(number) for number in numbers if number % 5 == 0}


@pytest.mark.slow
def test_nobody_gets_in_without_a_login_and_no_secret_is_shown(server, tmp_path, monkeypatch):
    write(server.uri, tmp_path / "1", 1, EACH - 1)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{server.uri}/api/2.0/mlflow/experiments/search?max_results=1")
    family = server.family()
    listening = {
        place.laddr.ip for process in family for place in process.net_connections("tcp") if place.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}
    secrets = (DATABASE, ADMIN, WRITER)
    shown = [" ".join(process.cmdline()) for process in family] + [server.log]
    shown += [path.read_text(errors="replace") for path in (tmp_path / "1").rglob("*") if path.is_file()]
    assert not [text for text in shown for secret in secrets if secret in text]
    client = connect(server.uri)
    home = client.get_experiment_by_name("under_load").experiment_id
    assert not [run for run in client.search_runs([home]) for secret in secrets if secret in str(run.to_dictionary())]
