"""What MLflow holds of a trial of whose protocols some crashed, and what a run of those alone changes."""

from dataclasses import replace

from helpers.trial_events import info, trial
from probeline.core.events import Note, ProtocolError, Record
from probeline.tracking.reading.results import TrialStatus, find, frame, statuses
from probeline.tracking.reading.runs_client import ClientRuns
from probeline.tracking.writing.writer import Writer

KNN = ProtocolError("knn", "ValueError: no neighbours", "Traceback of knn")
VIEWS = ProtocolError("lab.views", "OSError: broken", "Traceback of views")


def crashed(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial())
        writer.events(trial().id, [Record("rankme/h", 3.0), Note("fine_tune", "no labels"), Note("resumed", "twice")])
        writer.finished(trial().id, [KNN, VIEWS])
        assert writer.flush()


def test_a_trial_finishes_with_the_names_and_messages_of_what_crashed(uri, tmp_path):
    crashed(uri, tmp_path)
    status = statuses(uri, [trial().id])[trial().id]
    message = "knn: ValueError: no neighbours; lab.views: OSError: broken"
    assert status == TrialStatus(status.run_id, "finished", "protocol_error", message, ("knn", "lab.views"))
    rows, _ = frame(uri, [trial()])
    assert rows[["status", "failure", "rankme/h"]].values.tolist() == [["finished", "protocol_error", 3.0]]
    (run,) = ClientRuns(uri, "quickstart").find([trial().id])
    assert run.tags["probeline.crashed_protocols"] == '["knn", "lab.views"]'


def test_what_a_protocol_that_crashes_says_is_stored_without_logins(uri, tmp_path):
    text = "RuntimeError: http://me:hunter2@host/ refused, password=hunter2"
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial())
        writer.finished(trial().id, [ProtocolError("knn", text, f"Traceback\n{text}")])
        assert writer.flush()
    message = statuses(uri, [trial().id])[trial().id].message
    assert message == "knn: RuntimeError: http://me:***@host/ refused, password=***"
    (trace,) = (tmp_path / "mlartifacts").rglob("traceback.txt")
    assert "me:***@host" in trace.read_text() and "hunter2" not in trace.read_text()


def test_a_run_of_what_crashed_keeps_the_rest_of_what_was_said(uri, tmp_path):
    crashed(uri, tmp_path)
    alone = replace(trial(), protocols=("knn", "lab.views"))
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(alone)
        writer.events(alone.id, [Record("knn/top1", 0.5), Note("lab.views", "no views")])
        writer.finished(alone.id)
        assert writer.flush()
    assert statuses(uri, [alone.id])[alone.id] == TrialStatus(find(uri, alone.id)["run_id"], "finished")
    rows, _ = frame(uri, [trial()])
    assert rows[["rankme/h", "knn/top1"]].values.tolist() == [[3.0, 0.5]]
    assert rows["notes"][0] == {"fine_tune": "no labels", "resumed": "twice", "lab.views": "no views"}
    assert rows["failure"].isna().all()


def test_a_run_of_all_of_it_forgets_every_note(uri, tmp_path):
    crashed(uri, tmp_path)
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial())
        writer.finished(trial().id)
        assert writer.flush()
    assert frame(uri, [trial()])[0]["notes"][0] == {}
