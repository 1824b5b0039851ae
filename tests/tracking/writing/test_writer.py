import json
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest
from helpers.recipes import recipe_of
from helpers.trial_events import RECIPE, arm, curve, info, trial
from probeline.core.events import Artifact, Record
from probeline.tracking.reading.results import frame, statuses
from probeline.tracking.server.client import connect
from probeline.tracking.writing.writer import Claimed, Writer


def runs_of(uri: str, trial_id: str) -> list:
    client = connect(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, f"tags.`probeline.trial_id` = '{trial_id}'"))


def points(uri: str, run_id: str, name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in connect(uri).get_metric_history(run_id, name)]


def test_what_a_trial_says_is_what_its_run_holds(uri, tmp_path):
    file = tmp_path / "x.tmp"
    file.write_text("[[1, 0], [0, 1]]")
    said = trial()
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(said, {"device": "cpu"}, {"git_commit": "abc", "data_digest": "d1"})
        writer.records(said.id, [*curve(3), Record("knn/top1", 0.75, time=1_700_000_000.25)])
        writer.artifacts(said.id, [Artifact("confusion/knn.json", file)])
        file.unlink()
        writer.finished(said.id)
        unsent = writer.close()
    assert not unsent
    assert str(unsent) == "everything is in MLflow"
    (run,) = runs_of(uri, said.id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "simclr batch_size=64 seed=1"
    params = {
        "data.name": "digits",
        "data.validation": "0.1",
        "encoder.name": "resnet",
        "method.name": "simclr",
        "method.temperature": "0.5",
        "method.augment.strength": "1.0",
        "training.batch_size": "64",
        "training.online_probe": "true",
        "evaluation.knn.k": "20",
        "axis.method": "simclr",
        "axis.training.batch_size": "64",
        "seed": "1",
        "device": "cpu",
    }
    assert params.items() <= run.data.params.items()
    assert {key.partition(".")[0] for key in run.data.params.keys() - params.keys()} == {"training"}
    ours = {key: value for key, value in run.data.tags.items() if key.startswith("probeline.")}
    assert ours == {
        "probeline.kind": "trial",
        "probeline.trial_id": said.id,
        "probeline.encoder_id": said.encoder_id,
        "probeline.cell": "simclr batch_size=64",
        "probeline.seed": "1",
        "probeline.axis.method": "simclr",
        "probeline.axis.training.batch_size": "64",
        "probeline.status": "finished",
        "probeline.began": str(run.info.start_time),
        "probeline.git_commit": "abc",
        "probeline.data_digest": "d1",
    }
    assert points(uri, run.info.run_id, "train/loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    client = connect(uri)
    assert client.get_metric_history(run.info.run_id, "knn/top1")[0].timestamp == 1_700_000_000_250
    stored = Path(run.info.artifact_uri.removeprefix("file://"))
    assert stored.is_relative_to(tmp_path / "mlartifacts")
    assert json.loads((stored / "recipe.json").read_text()) == RECIPE.as_dict()
    assert (stored / "confusion/knn.json").read_text() == "[[1, 0], [0, 1]]"
    parent = client.get_run(run.data.tags["mlflow.parentRunId"])
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["mlflow.note.content"] == "# Does batch size matter?"
    assert parent.data.tags["probeline.kind"] == "experiment"
    assert not [path for path in (tmp_path / "spool").iterdir() if path.is_dir()]


def test_two_writers_that_run_one_trial_make_one_run_and_no_point_twice(uri, tmp_path):
    for attempt, name in enumerate(("one", "two")):
        with Writer(uri, info(name), tmp_path / name) as writer:
            writer.started(trial(1))
            writer.records(trial(1).id, [*curve(2 + attempt), Record("knn/top1", 0.5 + attempt / 10)])
            writer.finished(trial(1).id)
    (run,) = runs_of(uri, trial(1).id)
    assert points(uri, run.info.run_id, "train/loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert points(uri, run.info.run_id, "knn/top1") == [(0, 0.5)]


def test_a_trial_that_failed_runs_again_in_its_own_run(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial(1))
        writer.failed(trial(1).id, "diverged", "loss is nan at epoch 3", "Traceback: ...")
        assert writer.flush()
        assert statuses(uri, [trial(1).id])[trial(1).id].failure == "diverged"
        (failed,) = runs_of(uri, trial(1).id)
        assert failed.info.status == "FAILED"
        assert failed.data.tags["probeline.message"] == "loss is nan at epoch 3"
        assert "traceback.txt" in [item.path for item in connect(uri).list_artifacts(failed.info.run_id)]
        writer.started(trial(1))
        assert writer.flush()
        assert statuses(uri, [trial(1).id])[trial(1).id].status == "running"
        writer.finished(trial(1).id)
    (run,) = runs_of(uri, trial(1).id)
    assert (run.info.run_id, run.info.status) == (failed.info.run_id, "FINISHED")
    assert not {"probeline.failure", "probeline.message"} & set(run.data.tags)


def test_a_trial_left_open_is_interrupted_and_counts_as_missing(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial(1))
    assert runs_of(uri, trial(1).id)[0].info.status == "KILLED"
    assert statuses(uri, [trial(1).id])[trial(1).id].status == "missing"


def test_the_next_writer_sends_what_a_killed_process_had_said(uri, tmp_path):
    script = f"""
        import sys, time
        from helpers.trial_events import curve, info, trial
        from probeline.tracking.writing import upload_thread
        from probeline.tracking.writing.writer import Writer
        upload_thread.connect = lambda uri: time.sleep(3600)
        writer = Writer({uri!r}, info("dead"), {str(tmp_path)!r}).__enter__()
        writer.started(trial(1)); writer.records(trial(1).id, curve(5)); writer.finished(trial(1).id)
        writer.started(trial(2)); writer.records(trial(2).id, curve(4))
        print("said", flush=True)
        time.sleep(3600)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        assert process.stdout.readline() == b"said\n"
        with Writer(uri, info("alive"), tmp_path) as writer, pytest.raises(Claimed, match="another probeline"):
            writer.started(trial(2))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    (spool,) = tmp_path.glob("spool/*/*2.jsonl")
    with spool.open("ab") as stream:
        stream.write(b'{"op":"records","records":[{"na')
    with Writer(uri, info("alive"), tmp_path) as writer:
        assert sorted(writer.replayed) == [trial(1).id, trial(2).id]
        assert writer.flush()
        found = statuses(uri, [trial(1).id, trial(2).id])
        assert [state.status for state in found.values()] == ["finished", "missing"]
        writer.started(trial(2))
        writer.records(trial(2).id, curve(6))
        writer.finished(trial(2).id)
    for number, steps in ((1, 5), (2, 6)):
        (run,) = runs_of(uri, trial(number).id)
        assert run.info.status == "FINISHED"
        assert [step for step, _ in points(uri, run.info.run_id, "train/loss")] == [*range(1, steps + 1)]
    assert connect(uri).get_experiment_by_name("dead") is not None
    assert not list(tmp_path.glob("spool/*/*.jsonl"))


def test_runs_left_running_by_a_driver_without_a_spool_are_marked(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        for number in (1, 2):
            writer.started(trial(number))
        writer.flush()
        with Writer(uri, info(), tmp_path / "elsewhere") as other:
            assert other.orphaned([trial(1).id]) == (trial(1).id,)
        assert writer.orphaned([trial(2).id]) == ()
        assert runs_of(uri, trial(1).id)[0].info.status == "KILLED"
        assert runs_of(uri, trial(2).id)[0].info.status == "RUNNING"


def test_hostile_and_very_long_values_arrive_whole(uri, tmp_path):
    hostile = "'; drop table runs; -- \0 \ud800 é\n<script>"
    many = {"name": "simclr", **{f"k{n}": "é" * 5000 for n in range(120)}}
    recipe = recipe_of({"data": {"name": hostile, "list": ["x" * 7000]}, "method": many})
    said = trial(1, label="a'b\" <b>", recipe=recipe)
    with Writer(uri, info("name/with ' quotes"), tmp_path) as writer:
        writer.started(said, tags={"versions": "v" * 9000, "note": hostile})
        writer.records(said.id, [Record("linear_probe/top1/a+b (c)/..", 0.5), Record("linear_probe/top1/ö/..", 0.6)])
        writer.failed(said.id, "error", "m" * 20_000)
        assert not writer.close()
    (run,) = runs_of(uri, said.id)
    stored = Path(run.info.artifact_uri.removeprefix("file://"))
    clean = "'; drop table runs; -- \\x00 \\ud800 é\n<script>"
    assert run.data.params["data.name"] == run.data.tags["probeline.note"] == clean
    assert run.data.params["data.list"] == "7004 characters, see the artifact params/data.list.txt"
    assert (stored / "params/data.list.txt").read_text() == json.dumps(["x" * 7000])
    assert sum(key.startswith("method.k") and len(value) == 5000 for key, value in run.data.params.items()) == 120
    assert len(run.data.tags["probeline.versions"]) == 8000
    assert (stored / "tags/probeline.versions.txt").read_text() == "v" * 9000
    assert (stored / "tags/probeline.message.txt").read_text() == "m" * 20_000
    trials, _ = frame(uri, [said])
    assert trials["linear_probe/top1/a+b (c)/.."].tolist() == [0.5]
    assert trials["linear_probe/top1/ö/.."].tolist() == [0.6]


def test_an_artifact_that_is_not_there_is_named_on_the_run(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial(1))
        writer.artifacts(trial(1).id, [Artifact("encoder.safetensors", tmp_path / "nowhere")])
        writer.finished(trial(1).id)
        with pytest.raises(ValueError, match="below the trial's artifacts"):
            writer.artifacts(trial(1).id, [Artifact("../../etc/passwd", Path(__file__))])
    (run,) = runs_of(uri, trial(1).id)
    assert (run.info.status, run.data.tags["probeline.lost_artifact"]) == ("FINISHED", "encoder.safetensors")


def test_records_come_only_from_a_trial_that_started(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer, pytest.raises(ValueError, match="has not been started"):
        writer.records(trial(1).id, curve(1))


def test_a_locked_database_is_waited_out(uri, database, tmp_path):
    import sqlite3

    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial(1))
        assert writer.flush()
        other = sqlite3.connect(database, isolation_level=None)
        other.execute("begin exclusive")
        writer.records(trial(1).id, curve(3))
        writer.finished(trial(1).id)
        assert not writer.flush(timeout=1.5)
        other.execute("rollback")
        other.close()
        assert writer.flush()
    (run,) = runs_of(uri, trial(1).id)
    assert (run.info.status, len(points(uri, run.info.run_id, "train/loss"))) == ("FINISHED", 3)


def test_a_run_deleted_under_the_writer_is_made_anew_with_everything(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial(1))
        writer.records(trial(1).id, curve(3))
        assert writer.flush()
        (first,) = runs_of(uri, trial(1).id)
        connect(uri).delete_run(first.info.run_id)
        writer.records(trial(1).id, curve(3, start=4))
        writer.finished(trial(1).id)
    (run,) = runs_of(uri, trial(1).id)
    assert run.info.run_id != first.info.run_id
    assert [step for step, _ in points(uri, run.info.run_id, "train/loss")] == [1, 2, 3, 4, 5, 6]


def test_what_mlflow_refuses_stays_on_disk_and_does_not_hold_others_up(uri, tmp_path):
    client = connect(uri)
    client.delete_experiment(client.create_experiment("gone"))
    with Writer(uri, info("gone"), tmp_path) as writer:
        writer.started(trial(1))
        writer.records(trial(1).id, curve(3))
        writer.finished(trial(1).id)
        assert not writer.flush()
        unsent = writer.close()
    assert (unsent.trials, unsent.records) == ((trial(1).id,), 3)
    assert "'gone' was deleted; bring it back" in str(unsent)
    client.restore_experiment(client.get_experiment_by_name("gone").experiment_id)
    with Writer(uri, info(), tmp_path) as writer:
        assert writer.flush()
    assert runs_of(uri, trial(1).id)[0].info.status == "FINISHED"


def test_records_given_one_by_one_are_in_mlflow_once(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial(1))
        for record in curve(500):
            writer.records(trial(1).id, [record])
        writer.finished(trial(1).id)
    (run,) = runs_of(uri, trial(1).id)
    assert Counter(step for step, _ in points(uri, run.info.run_id, "train/loss")) == Counter(range(1, 501))


def test_an_arm_has_its_name_as_a_tag(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(arm(7, "random_init"))
        writer.finished(arm(7, "random_init").id)
    assert runs_of(uri, arm(7, "random_init").id)[0].data.tags["probeline.arm"] == "random_init"
