"""A network that loses replies: the server has done what it was asked, and its client does not know."""

import shutil
import time
from collections import Counter

import pytest
from helpers.faults.driver import end, start
from helpers.faults.lossy_proxy import LossyProxy
from helpers.faults.record import SPEC, check_the_record
from helpers.mlflow_server import MlflowServer
from helpers.trial_events import curve, info, trial
from mlflow import MlflowClient
from probeline.core.events import Artifact, Note, Record
from probeline.errors import UserError
from probeline.tracking.server import lease
from probeline.tracking.server.client import connect
from probeline.tracking.server.location import resolve
from probeline.tracking.writing import upload_thread
from probeline.tracking.writing.upload_queue import UploadQueue
from probeline.tracking.writing.writer import Writer

STEPS = 60


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """A failure is followed by a short pause only, as there are many of them."""
    monkeypatch.setattr(upload_thread, "HURRIED", 0.01)


@pytest.fixture(scope="module")
def server(template, tmp_path_factory):
    """One for all: each test has an experiment of its own."""
    folder = tmp_path_factory.mktemp("server")
    server = MlflowServer(folder, shutil.copy(template, folder / "mlflow.db")).start()
    yield server
    server.kill()


def points(client: MlflowClient, run_id: str, key: str) -> dict[int, int]:
    """Step -> how many points the history has of it."""
    return dict(Counter(point.step for point in client.get_metric_history(run_id, key)))


@pytest.mark.parametrize(("rate", "first"), [(0.1, 100), pytest.param(0.5, 200, marks=pytest.mark.slow)])
def test_every_record_is_in_mlflow_once_whatever_share_of_the_replies_is_lost(server, tmp_path, rate, first):
    trials = [trial(first + number) for number in range(2)]
    file = tmp_path / "answer"
    file.write_text("42")
    with LossyProxy(server.port, rate, seed=first) as proxy:
        assert resolve(proxy.uri) == proxy.uri
        for begin in (1, STEPS // 2):  # the second time around half of the points are said again, at another time
            with Writer(proxy.uri, info(f"lossy {rate}"), tmp_path) as writer:
                for said in trials:
                    writer.started(said, tags={"git_commit": "abc"})
                    writer.records(said.id, curve(STEPS, start=begin) + curve(STEPS, "train/lr", start=begin))
                    writer.notes(said.id, [Note("knn", "ten classes")])
                    writer.artifacts(said.id, [Artifact("knn/answer.json", file)])
                    writer.failed(said.id, "diverged", "nan") if begin == 1 else writer.finished(said.id)
                assert not writer.close(timeout=120)
        assert proxy.dropped.total() > rate * proxy.forwarded.total() / 2 > 0
    client = connect(server.uri)
    home = client.get_experiment_by_name(f"lossy {rate}").experiment_id
    runs = client.search_runs([home])
    assert Counter(run.data.tags["probeline.kind"] for run in runs) == {"trial": 2, "experiment": 1}
    assert {run.info.status for run in runs} == {"FINISHED"}
    last = STEPS // 2 + STEPS - 1
    for run in (run for run in runs if run.data.tags["probeline.kind"] == "trial"):
        assert points(client, run.info.run_id, "train/loss") == dict.fromkeys(range(1, last + 1), 1)
        assert points(client, run.info.run_id, "train/lr") == dict.fromkeys(range(1, last + 1), 1)
        assert run.data.metrics["train/loss"] == 1 / last
        assert "probeline.failure" not in run.data.tags
        assert [item.path for item in client.list_artifacts(run.info.run_id, "knn")] == ["knn/answer.json"]


@pytest.mark.slow
def test_batches_that_are_sent_again_whole_or_in_part_add_no_point_to_a_long_history(server, tmp_path):
    """MLflow is sent the same portion after a lost reply, and one that has grown since by what was said meanwhile."""
    length = 3000
    with LossyProxy(server.port, 0.5, seed=7) as proxy, Writer(proxy.uri, info("long"), tmp_path) as writer:
        writer.started(trial(300))
        for begin in range(1, length + 1, 250):
            writer.records(trial(300).id, curve(250, start=begin))
            writer.records(trial(300).id, curve(10, "train/lr", start=begin))
            time.sleep(0.05)
        writer.records(trial(300).id, [Record("knn/top1", 0.25)])
        writer.finished(trial(300).id)
        assert not writer.close(timeout=120)
        assert proxy.dropped["POST runs/log-batch"] > 0
    client = connect(server.uri)
    home = client.get_experiment_by_name("long").experiment_id
    (run,) = client.search_runs([home], "tags.`probeline.kind` = 'trial'")
    assert points(client, run.info.run_id, "train/loss") == dict.fromkeys(range(1, length + 1), 1)
    assert sum(points(client, run.info.run_id, "train/lr").values()) == 10 * length // 250
    assert run.data.metrics["train/loss"] == 1 / length
    assert run.data.metrics["knn/top1"] == 0.25


def test_the_parent_of_trials_ends_though_the_reply_to_its_making_was_lost(server, tmp_path):
    """It stayed RUNNING: the next attempt saw it and took it as it was."""
    client = connect(server.uri)
    home = client.create_experiment("parent")
    client.create_run(home, tags={"probeline.kind": "experiment"})  # all that has happened when the reply gets lost
    with Writer(server.uri, info("parent"), tmp_path) as writer:
        writer.started(trial(400))
        writer.finished(trial(400).id)
        assert writer.flush(60)
    assert {run.info.status for run in client.search_runs([home])} == {"FINISHED"}


def test_a_second_run_that_a_lost_reply_and_a_killed_driver_left_is_deleted_when_the_trial_ends(server, tmp_path):
    client = connect(server.uri)
    home = client.create_experiment("double")
    for _ in range(2):
        client.create_run(home, tags={"probeline.kind": "trial", "probeline.trial_id": trial(500).id})
    with Writer(server.uri, info("double"), tmp_path) as writer:
        writer.started(trial(500))
        writer.records(trial(500).id, curve(5))
        writer.finished(trial(500).id)
        assert writer.flush(60)
    (run,) = client.search_runs([home], "tags.`probeline.kind` = 'trial'")
    assert run.info.status == "FINISHED"
    assert points(client, run.info.run_id, "train/loss") == dict.fromkeys(range(1, 6), 1)


def test_a_run_is_alone_at_work_though_half_of_the_replies_are_lost(server, tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "SETTLE_S", 0.2)
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.2)
    with (
        LossyProxy(server.port, 0.5, seed=3) as proxy,
        lease.held(proxy.uri, info("alone"), tmp_path, lambda: None),
        pytest.raises(UserError, match="another run of 'alone' is at work"),
        lease.held(proxy.uri, info("alone"), tmp_path, lambda: None),
    ):
        pass
    assert connect(server.uri).get_experiment_by_name("alone").tags[lease.TAG] == lease.NOBODY


@pytest.mark.slow
def test_half_a_log_that_has_arrived_is_not_sent_again(server, tmp_path):
    """Each failure costs the entry that it meets: a log sent whole needs every one of its replies in a row."""
    with LossyProxy(server.port, 0.5, seed=11) as proxy, Writer(proxy.uri, info("steps"), tmp_path) as writer:
        writer.started(trial(600))
        for number in range(20):
            writer.notes(trial(600).id, [Note(f"protocol {number}", "a sentence")])
        writer.finished(trial(600).id)
        assert not writer.close(timeout=120)
        asked = proxy.forwarded.total()
    assert asked < 300  # a few for each of some 30 requests; all in a row would need 2 ** 30
    assert not list(UploadQueue(tmp_path / "spool").replayed)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_command_ends_with_every_record_in_mlflow_whatever_share_of_the_replies_is_lost(template, tmp_path, rate):
    (tmp_path / "spec.yaml").write_text(SPEC)
    server = MlflowServer(tmp_path, shutil.copy(template, tmp_path / "mlflow.db")).start()
    try:
        with LossyProxy(server.port, rate, seed=1) as proxy:
            driver = start(tmp_path, "--tracking-uri", proxy.uri)
            said = end(driver)
            assert driver.returncode == 0, said
            assert proxy.dropped.total() > 0
            assert "4 trials finished" in said
            assert "Traceback" not in said
    finally:
        server.kill()
    check_the_record(tmp_path)
