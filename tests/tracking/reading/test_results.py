import math
import subprocess
import sys
import time

import pandas as pd
import pytest
from helpers.trial_events import RECIPE, arm, curve, info, trial
from probeline.core.events import Record
from probeline.errors import UserError
from probeline.tracking.reading.results import TrialStatus, frame, statuses
from probeline.tracking.reading.runs_client import ClientRuns
from probeline.tracking.reading.runs_sqlite import SqliteRuns
from probeline.tracking.server.client import connect
from probeline.tracking.writing.writer import Writer

PROVENANCE = {"git_commit": "abc", "git_dirty": "true", "versions": "{}", "hardware": "cpu", "data_digest": "d1"}


@pytest.fixture
def told(uri, tmp_path):
    """A finished trial, a failed one, an interrupted one, a running one; 5 is never said, 6 is an arm."""
    with Writer(uri, info(), tmp_path) as writer:
        for said in (trial(1), trial(2), trial(3), trial(4, batch=128), arm(6, "random_init")):
            writer.started(said, tags=PROVENANCE)
        writer.records(trial(1).id, [*curve(3), Record("knn/top1", 0.75)])
        writer.finished(trial(1).id)
        writer.records(trial(2).id, curve(2))
        writer.failed(trial(2).id, "diverged", "loss is nan")
        writer.interrupted(trial(3).id)
        writer.records(arm(6, "random_init").id, [Record("knn/top1", 0.5), Record("cost/parameters", 0)])
        writer.finished(arm(6, "random_init").id)
        assert writer.flush()
        yield [trial(1), trial(2), trial(3), trial(4, batch=128), trial(5), arm(6, "random_init")]


def test_a_row_per_planned_trial_in_the_plans_order(uri, told):
    trials, history = frame(uri, told[::-1])
    assert trials["trial_id"].tolist() == [said.id for said in told[::-1]]
    trials, history = frame(uri, told)
    assert trials["status"].tolist() == ["finished", "failed", "missing", "running", "missing", "finished"]
    assert trials["failure"].tolist() == [None, "diverged", None, None, None, None]
    assert trials["message"].tolist() == [None, "loss is nan", None, None, None, None]
    assert trials["arm"].tolist() == [None] * 5 + ["random_init"]
    assert trials["seed"].tolist() == [1, 2, 3, 4, 5, 6]
    assert trials["cell"].tolist()[4:] == ["simclr batch_size=64", "random_init"]
    assert trials["training.batch_size"].tolist() == [64, 64, 64, None, 64, None]
    assert trials["batch"].tolist() == [None, None, None, 128, None, None]
    assert trials["knn/top1"].tolist()[::5] == [0.75, 0.5]
    assert all(math.isnan(value) for value in trials["knn/top1"][1:5])
    assert trials["train/loss"][0] == pytest.approx(1 / 3)
    assert trials["cost/parameters"][5] == 0
    assert trials["recipe"].tolist() == [RECIPE.as_dict()] * 6
    assert trials["git_dirty"].tolist() == [True, True, True, True, None, True]
    assert trials["data_digest"].tolist() == ["d1", "d1", "d1", "d1", None, "d1"]
    assert trials["run_id"].isna().tolist() == [False, False, False, False, True, False]
    assert str(trials["started"].dt.tz) == "UTC"
    assert abs(trials["started"][0].timestamp() - time.time()) < 60
    assert trials["finished"].isna().tolist() == [False, False, False, True, True, False]
    assert history.to_dict("list") == {
        "trial_id": [told[0].id] * 3 + [told[1].id] * 2,
        "name": ["train/loss"] * 5,
        "step": [1, 2, 3, 1, 2],
        "value": [1.0, 0.5, 1 / 3, 1.0, 0.5],
    }


def test_sql_and_the_client_read_the_same(uri, database, told):
    by_sql, by_client = SqliteRuns(database), ClientRuns(uri, "quickstart")
    ids = [said.id for said in told]
    one, other = (sorted(reader.read(ids), key=lambda run: run.trial_id) for reader in (by_sql, by_client))
    assert one == other
    assert sorted(by_sql.history(one, ["train/loss"])) == sorted(by_client.history(one, ["train/loss"]))
    for some in ([ids[0]], ids, ids * 100, [f"{n:016x}" for n in range(1000, 1300)] + ids[:2], []):
        assert {run.run_id for run in by_sql.find(some)} == {run.run_id for run in by_client.find(some)}


def test_a_store_that_was_never_written_has_every_trial_missing_and_imports_nothing(tmp_path):
    script = f"""
import sys, time
before = time.perf_counter()
from probeline.tracking.reading.results import statuses
found = statuses("sqlite:///{tmp_path}/mlflow.db", ["a", "b"])
assert [state.status for state in found.values()] == ["missing", "missing"]
heavy = {{"mlflow", "pandas", "sqlalchemy", "torch", "ray"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))})
    assert not list(tmp_path.iterdir())


def test_an_empty_plan_gives_empty_frames_with_their_columns(uri):
    trials, history = frame(uri, [])
    assert {"trial_id", "status", "recipe", "started"} <= set(trials.columns)
    assert history.columns.tolist() == ["trial_id", "name", "step", "value"]
    assert len(trials) == len(history) == 0
    assert isinstance(trials, pd.DataFrame)


def test_two_runs_of_one_trial_are_an_error_that_names_both(uri, told):
    client = connect(uri)
    first = statuses(uri, [told[0].id])[told[0].id].run_id
    tags = {"probeline.trial_id": told[0].id, "probeline.kind": "trial"}
    second = client.create_run("0", tags=tags).info.run_id
    with pytest.raises(UserError, match="two runs") as error:
        statuses(uri, [told[0].id])
    assert first in str(error.value)
    assert second in str(error.value)
    client.delete_run(second)
    assert statuses(uri, [told[0].id])[told[0].id] == TrialStatus(first, "finished")


def test_a_second_run_that_a_lost_reply_left_of_a_trial_that_has_not_ended_keeps_no_plan_from_being_made(uri, told):
    client, tags = connect(uri), {"probeline.trial_id": "f" * 16, "probeline.kind": "trial"}
    runs = [client.create_run("0", start_time=start, tags=tags).info.run_id for start in (1, 2)]
    client.update_run(runs[1], status="KILLED")
    assert statuses(uri, ["f" * 16])["f" * 16] == TrialStatus(runs[0], "running")


def test_a_database_that_is_not_mlflows_or_is_damaged_is_one_message(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"rubbish" * 1000)
    with pytest.raises(UserError, match="cannot be read"):
        statuses(f"sqlite:///{tmp_path}/mlflow.db", ["a"])


def test_the_state_of_a_thousand_trials(uri, database, capsys):
    import sqlite3
    import uuid

    connection = sqlite3.connect(database)
    for number in range(1000):
        run_id = uuid.uuid4().hex
        row = (run_id, "t", "UNKNOWN", "u", "FINISHED", 1, 2, "active", f"/x/{run_id}", 0)
        connection.execute(
            "insert into runs(run_uuid,name,source_type,user_id,status,start_time,end_time,lifecycle_stage,"
            "artifact_uri,experiment_id) values(?,?,?,?,?,?,?,?,?,?)",
            row,
        )
        tags = [("probeline.trial_id", f"{number:016x}", run_id), ("probeline.kind", "trial", run_id)]
        connection.executemany("insert into tags values(?,?,?)", tags)
    connection.commit()
    connection.close()
    ids = [f"{number:016x}" for number in range(1200)]
    for name, reader in (("SQL", SqliteRuns(database)), ("client", ClientRuns(uri))):
        before = time.perf_counter()
        assert len(reader.find(ids)) == 1000
        with capsys.disabled():
            print(f"\n1,000 narrow runs by {name}: {time.perf_counter() - before:.3f} s")
    assert sum(state.status == "finished" for state in statuses(uri, ids).values()) == 1000
