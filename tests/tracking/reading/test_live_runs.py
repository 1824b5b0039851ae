import sqlite3
from contextlib import closing

import pytest
from helpers.trial_events import curve, info, trial
from probeline.core.events import Record
from probeline.errors import UserError
from probeline.tracking.reading import stored
from probeline.tracking.reading.changes_client import ClientChanges
from probeline.tracking.reading.changes_sqlite import SqliteChanges
from probeline.tracking.reading.live_runs import LiveRuns
from probeline.tracking.server.client import connect
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer

TRIALS = [trial(seed) for seed in range(1, 5)]
IDS = [each.id for each in TRIALS]


@pytest.fixture(params=["sqlite", "server"])
def address(request, uri):
    """Where the writer writes and the dashboard reads: the file itself, or a server in front of it."""
    return uri if request.param == "sqlite" else request.getfixturevalue("server").uri


@pytest.fixture
def writer(request, tmp_path):
    """Writes to the address that the test reads from, else to the file."""
    name = next(name for name in ("address", "server", "uri") if name in {*request.fixturenames, "uri"})
    place = request.getfixturevalue(name)
    with Writer(getattr(place, "uri", place), info(), tmp_path / "work") as writer:
        yield writer


def test_each_refresh_tells_only_what_has_changed(address, writer):
    following = LiveRuns(address, IDS, info().name)
    assert following.refresh() == set()
    writer.started(TRIALS[0])
    writer.started(TRIALS[1])
    assert writer.flush()
    assert following.refresh() == {IDS[0], IDS[1]}
    assert following.refresh() == set()
    writer.records(IDS[0], curve(2))
    assert writer.flush()
    assert following.refresh() == {IDS[0]}
    assert following.history(IDS, "train/loss") == [(IDS[0], 1, 1.0), (IDS[0], 2, 0.5)]
    writer.finished(IDS[0])
    writer.failed(IDS[1], "diverged", "loss is nan", "Traceback: here")
    assert writer.flush()
    assert following.refresh() == {IDS[0], IDS[1]}
    assert {key: run.status for key, run in following.runs.items()} == {IDS[0]: "FINISHED", IDS[1]: "FAILED"}
    assert following.runs[IDS[1]].tags["probeline.failure"] == "diverged"
    assert stored.traceback(address, following.runs[IDS[1]].run_id) == "Traceback: here"
    assert stored.traceback(address, following.runs[IDS[0]].run_id) is None


def test_a_trial_that_starts_and_ends_between_two_refreshes_is_seen(uri, writer):
    following = LiveRuns(uri, IDS, info().name)
    following.refresh()
    for each in TRIALS[:2]:
        writer.started(each)
        writer.records(each.id, [Record("knn/top1", 0.5)])
        writer.finished(each.id)
        assert writer.flush()
        assert following.refresh() == {each.id}
    assert following.runs[IDS[1]].metrics == {"knn/top1": (0.5, 0)}


def test_trials_of_others_are_not_followed(uri, writer):
    following = LiveRuns(uri, IDS[:1], info().name)
    writer.started(TRIALS[1])
    assert writer.flush()
    assert following.refresh() == set()
    writer.started(TRIALS[0])
    assert writer.flush()
    assert following.refresh() == {IDS[0]}


def test_following_begins_before_anything_was_ever_written(tmp_path):
    uri = f"sqlite:///{tmp_path}/new.db"
    following = LiveRuns(uri, IDS)
    assert following.refresh() == set()
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(TRIALS[0])
        assert writer.flush()
        assert following.refresh() == {IDS[0]}


def test_a_deleted_run_is_forgotten_and_a_second_one_of_a_trial_is_told_until_it_is_gone(uri, writer):
    following = LiveRuns(uri, IDS)
    writer.started(TRIALS[0])
    assert writer.flush()
    following.refresh()
    client, first = connect(uri), following.runs[IDS[0]].run_id
    experiment = client.get_run(first).info.experiment_id
    double = client.create_run(experiment, tags={"probeline.trial_id": IDS[0], "probeline.kind": "trial"}).info.run_id
    for _ in range(2):
        with pytest.raises(UserError, match="holds two runs of it"):
            following.refresh()
    client.delete_run(double)
    following.refresh()
    assert following.runs[IDS[0]].run_id == first
    client.delete_run(first)
    assert following.refresh() == {IDS[0]}
    assert following.runs == {}


def test_what_cannot_be_read_is_told_and_what_was_known_stays(uri, database, writer):
    writer.started(TRIALS[0])
    assert writer.flush()
    following = LiveRuns(uri, IDS)
    following.refresh()
    database.rename(database.with_name("elsewhere.db"))
    with pytest.raises(UserError, match="cannot be read: the file is gone"):
        following.refresh()
    assert set(following.runs) == {IDS[0]}
    database.with_name("elsewhere.db").rename(database)


def test_a_file_that_nobody_has_written_to_is_not_read(uri, database, writer, monkeypatch):
    writer.started(TRIALS[0])
    writer.finished(IDS[0])
    assert writer.flush()
    following = LiveRuns(uri, IDS)
    following.refresh()
    assert isinstance(following._changes, SqliteChanges)
    statements = []
    following._changes._connection.set_trace_callback(statements.append)
    following.refresh()
    assert statements == ["pragma data_version"]
    with closing(sqlite3.connect(database)) as other, other:
        other.execute("update experiments set name = name")
    following.refresh()
    assert not [text for text in statements if "latest_metrics" in text]  # no run has changed, so none is read whole


def test_what_ended_long_ago_and_arrives_late_is_read_at_the_next_sweep(server, writer):
    following = LiveRuns(server.uri, IDS, info().name)
    following.refresh()
    client = connect(server.uri)
    writer.started(TRIALS[0])
    assert writer.flush()
    following.refresh()
    experiment = client.get_run(following.runs[IDS[0]].run_id).info.experiment_id
    tags = {"probeline.trial_id": IDS[1], "probeline.kind": "trial"}
    late = client.create_run(experiment, start_time=1000, tags=tags)
    client.set_terminated(late.info.run_id, end_time=2000)
    assert following.refresh() == set()
    assert isinstance(following._changes, ClientChanges)
    following._changes._swept = float("-inf")  # ten minutes later
    assert following.refresh() == {IDS[1]}


def test_the_experiment_of_the_latest_trial_comes_first_and_its_spec_is_kept(uri, tmp_path):
    assert stored.experiments(uri) == []
    for name in ("first", "second"):
        with Writer(uri, ExperimentInfo(name, spec_text=f"name: {name}"), tmp_path / name) as writer:
            writer.started(TRIALS[0] if name == "first" else TRIALS[1])
    with Writer(uri, ExperimentInfo("first", spec_text="name: first"), tmp_path / "first") as writer:
        writer.started(TRIALS[2])
    assert stored.experiments(uri) == ["first", "second"]
    assert stored.spec(uri, "second") == "name: second"
    assert stored.spec(uri, "third") is None
