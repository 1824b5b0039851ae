"""A real MLflow server on loopback that goes away and comes back."""

import threading
import time
import urllib.request

import pytest
from helpers.trial_events import curve, info, trial
from probeline.core.events import Artifact, Record
from probeline.tracking.reading.results import frame, statuses
from probeline.tracking.reading.runs_client import ClientRuns
from probeline.tracking.server.client import connect
from probeline.tracking.server.location import resolve
from probeline.tracking.writing.writer import Writer


def test_a_server_that_dies_in_the_middle_loses_nothing_and_doubles_nothing(server, tmp_path):
    assert resolve(server.uri) == server.uri
    file = tmp_path / "matrix"
    file.write_text("[[1]]")
    trials = [trial(number) for number in range(1, 5)]
    with Writer(server.uri, info(), tmp_path) as writer:
        for said in trials[:2]:
            writer.started(said, tags={"git_commit": "abc"})
            writer.records(said.id, curve(50))
        assert writer.flush()
        server.kill()
        writer.started(trials[2])
        writer.started(trials[3])
        for said in trials:
            writer.records(said.id, curve(60, start=41))
            writer.records(said.id, [Record("knn/top1", 0.5)])
            writer.artifacts(said.id, [Artifact("confusion/matrix.json", file)])
        for said in trials[:3]:
            writer.finished(said.id)
        writer.failed(trials[3].id, "diverged", "loss is nan", "Traceback")
        assert not writer.flush(timeout=1.0)
        assert writer.trouble
        server.start()
        assert writer.flush(timeout=60)
        assert not writer.close()
    rows, history = frame(server.uri, trials, "quickstart")
    assert rows["status"].tolist() == ["finished"] * 3 + ["failed"]
    for said, first in zip(trials, (1, 1, 41, 41), strict=True):
        assert history[history["trial_id"] == said.id]["step"].tolist() == [*range(first, 101)]
    client = connect(server.uri)
    runs = ClientRuns(server.uri).find([said.id for said in trials])
    assert sorted(run.trial_id for run in runs) == [said.id for said in trials]
    for run in runs:
        names = [item.path for item in client.list_artifacts(run.run_id, "confusion")]
        assert names == ["confusion/matrix.json"]
    assert list((tmp_path / "served").rglob("matrix.json"))
    assert not (tmp_path / "mlartifacts").exists()


def test_a_server_down_at_the_end_leaves_everything_for_the_next_run(server, tmp_path):
    with Writer(server.uri, info(), tmp_path) as writer:
        writer.started(trial(1))
        writer.records(trial(1).id, curve(10))
        assert writer.flush()
        server.kill()
        writer.records(trial(1).id, curve(20))
        writer.finished(trial(1).id)
        writer.started(trial(2))
        writer.records(trial(2).id, curve(7))
        unsent = writer.close(timeout=1.5)
    assert unsent.trials == (trial(1).id, trial(2).id)
    assert unsent.records == 27
    assert str(tmp_path / "spool") in str(unsent)
    assert "2 trials with 27 records are not in MLflow" in str(unsent)
    server.start()
    with Writer(server.uri, info("another"), tmp_path) as writer:
        assert writer.flush(timeout=60)
    found = statuses(server.uri, [trial(1).id, trial(2).id])
    assert [state.status for state in found.values()] == ["finished", "missing"]
    points = connect(server.uri).get_metric_history(found[trial(1).id].run_id, "train/loss")
    assert sorted(point.step for point in points) == [*range(1, 21)]
    assert connect(server.uri).get_experiment_by_name("another") is None  # nothing of it was ever said


@pytest.mark.slow
def test_eight_writers_at_once_against_a_server_that_is_killed_again_and_again(server, tmp_path):
    def work(number: int) -> None:
        with Writer(server.uri, info(f"experiment {number % 2}"), tmp_path / str(number)) as writer:
            for index in range(5):
                said = trial(number * 100 + index)
                writer.started(said)
                for step in range(1, 31):
                    writer.records(said.id, curve(1, start=step))
                    time.sleep(0.02)
                writer.finished(said.id)
            assert not writer.close(timeout=120)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(2)
        server.kill()
        server.start()
    for thread in threads:
        thread.join()
    trials = [trial(number * 100 + index) for number in range(1, 9) for index in range(5)]
    rows, history = frame(server.uri, trials)
    assert rows["status"].tolist() == ["finished"] * 40
    assert (history.groupby("trial_id")["step"].apply(sorted).map(lambda steps: steps == [*range(1, 31)])).all()
    assert urllib.request.urlopen(f"{server.uri}/health").status == 200
