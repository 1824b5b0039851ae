"""A tracking server whose database pool has no connection left, under sixteen writers."""

import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing

import pytest
from helpers.mlflow_server import MlflowServer
from helpers.trial_events import curve, info, trial
from probeline.tracking.server.client import POOL_REMEDY, connect
from probeline.tracking.writing.writer import Writer

WRITERS, TRIALS, STEPS = 16, 2, 20


@pytest.fixture
def server(tmp_path, database):
    """At most six connections at once, for sixteen writers whose every batch takes MLflow two."""
    pool = {"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "4", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "2"}
    server = MlflowServer(tmp_path, database, pool).start()
    yield server
    server.kill()


@pytest.mark.slow
def test_an_exhausted_pool_costs_sixteen_writers_time_and_nothing_else_and_is_told_in_one_sentence(
    server, database, tmp_path
):
    unsent, troubles, over = [], Counter(), threading.Event()

    def work(number: int) -> None:
        with Writer(server.uri, info("pool"), tmp_path / str(number)) as writer:
            for index in range(TRIALS):
                said = trial(number * 100 + index)
                writer.started(said)
                writer.records(said.id, curve(STEPS))
                writer.finished(said.id)
            while not over.wait(0.5):
                troubles[writer.trouble] += 1
            unsent.append(writer.close(timeout=400))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]
    with closing(sqlite3.connect(database, isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN EXCLUSIVE")  # the six connections wait for it, and all other requests for the six
        for thread in threads:
            thread.start()
        until = time.monotonic() + 120
        while not any(POOL_REMEDY in said for said in troubles.copy()) and time.monotonic() < until:
            time.sleep(0.5)
        other.execute("ROLLBACK")
    over.set()
    for thread in threads:
        thread.join()
    assert any(POOL_REMEDY in said for said in troubles), troubles
    assert len({said for said in troubles if said}) <= 3, troubles  # 500 and 503 by turns, and maybe a time-out
    assert not any(unsent), [str(each) for each in unsent]
    client = connect(server.uri)
    runs = client.search_runs([client.get_experiment_by_name("pool").experiment_id], max_results=1000)
    trials = [run for run in runs if run.data.tags["probeline.kind"] == "trial"]
    assert len({run.data.tags["probeline.trial_id"] for run in trials}) == len(trials) == WRITERS * TRIALS
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in trials:
        steps = Counter(point.step for point in client.get_metric_history(run.info.run_id, "train/loss"))
        assert steps == dict.fromkeys(range(1, STEPS + 1), 1)
