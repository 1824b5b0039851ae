import pytest
from helpers.trial_events import RECIPE
from probeline.core.events import Artifact
from probeline.experiment.trial import Cell, Trial
from probeline.tracking.reading.artifacts import MAX_BYTES, ArtifactSource, small_files
from probeline.tracking.reading.results import statuses
from probeline.tracking.server.client import connect
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer


def write(uri, folder, trial_id, files):
    trial = Trial(trial_id, trial_id, Cell({}, None, RECIPE, trial_id), 0)
    with Writer(uri, ExperimentInfo("pictures"), folder / "work") as writer:
        writer.started(trial)
        for name, content in files.items():
            path = folder / trial_id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            writer.artifacts(trial_id, [Artifact(name, path)])
        writer.finished(trial_id)
        assert writer.flush(60)
    return statuses(uri, [trial_id])[trial_id].run_id


FILES = {
    "views/views.json": b"{}", "views/views.jpg": b"\xff\xd8\xff", "views/large.png": b"0" * (MAX_BYTES + 1),
    "views/weights.safetensors": b"1", "encoder/encoder.json": b"{}", "knn/confusion.csv": b"a",
}  # fmt: skip


@pytest.mark.parametrize("store", ["uri", "server"])
def test_the_small_files_of_the_asked_protocols_are_read_back(store, request, tmp_path):
    found = request.getfixturevalue(store)
    uri = found if isinstance(found, str) else found.uri
    first, second = write(uri, tmp_path, "a1", FILES), write(uri, tmp_path, "b2", {"knn/confusion.csv": b"b"})
    asked = [
        ArtifactSource("b2", second, ["knn", "views"]),
        ArtifactSource("a1", first, ["views", "knn", "neighbours"]),
    ]
    frame, trouble = small_files(uri, asked)
    assert trouble == ""
    assert frame.values.tolist() == [
        ["b2", "knn/confusion.csv", b"b"], ["a1", "views/views.jpg", b"\xff\xd8\xff"],
        ["a1", "views/views.json", b"{}"], ["a1", "knn/confusion.csv", b"a"],
    ]  # fmt: skip


def test_what_cannot_be_read_is_a_sentence_and_no_failure(uri, tmp_path):
    run = write(uri, tmp_path, "a1", FILES)
    connect(uri).delete_run(run)
    frame, trouble = small_files(uri, [ArtifactSource("a1", "0" * 32, ["views"])])
    assert len(frame) == 0 and "not found" in trouble
