"""Notes: what a protocol could not judge and why, from a trial's mouth to the frame, once."""

import os
import signal
import subprocess
import sys
import textwrap

from helpers.trial_events import info, trial
from probeline.core.events import Note, Record
from probeline.tracking.reading.results import find, frame
from probeline.tracking.server.client import connect
from probeline.tracking.writing.writer import Writer

LABELS = Note("my_protocols.retrieval", "the data have no labels")


def notes_of(uri: str, number: int = 1) -> dict[str, str]:
    return frame(uri, [trial(number)])[0]["notes"][0]


def test_a_note_is_a_column_of_the_frame_and_a_trial_without_one_has_none(uri, tmp_path):
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial(1))
        writer.events(trial(1).id, [LABELS, Record("knn/top1", 0.5), Note("bits per dim/naïve", "no decoder")])
        writer.finished(trial(1).id)
        writer.started(trial(2))
        writer.finished(trial(2).id)
    trials, _ = frame(uri, [trial(1), trial(2), trial(3)])
    assert trials["notes"].tolist() == [
        {"bits per dim/naïve": "no decoder", "my_protocols.retrieval": "the data have no labels"},
        {},
        {},
    ]
    assert trials["knn/top1"][0] == 0.5
    shown = find(uri, trial(1).id)
    assert shown["notes"] == trials["notes"][0]
    assert not [tag for tag in shown["tags"] if "note" in tag]


def test_a_very_long_note_is_cut_in_the_tag_and_whole_in_an_artifact(uri, tmp_path):
    text = "no labels here; " * 1000
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial())
        writer.notes(trial().id, [Note("knn", text)])
        writer.finished(trial().id)
        assert not writer.close()
    kept = notes_of(uri)["knn"]
    assert len(kept) <= 8000
    assert kept.startswith("no labels here; ")
    assert "tags/probeline.note.knn.txt" in kept
    files = list((tmp_path / "mlartifacts").rglob("tags/probeline.note.knn.txt"))
    assert [file.read_text() for file in files] == [text]


def test_a_trial_that_runs_again_keeps_only_the_notes_of_its_last_run(uri, tmp_path):
    for note in (LABELS, Note("knn", "too few samples")):
        with Writer(uri, info(), tmp_path) as writer:
            writer.started(trial())
            writer.notes(trial().id, [note, note])
            writer.finished(trial().id)
    assert notes_of(uri) == {"knn": "too few samples"}


def test_notes_of_a_killed_process_are_sent_by_the_next_writer(uri, tmp_path):
    script = f"""
        import os, signal
        from probeline.core.events import Note
        from probeline.tracking.writing.upload_queue import UploadQueue
        from probeline.tracking.writing import run_fields
        from helpers.trial_events import trial
        from pathlib import Path
        said, outbox = trial(), UploadQueue(Path({str(tmp_path / "spool")!r}))
        outbox.open(said.id)
        outbox.append(said.id, "started", experiment="quickstart", name="t", params={{}}, recipe={{}},
                      tags=run_fields.tags(said, {{}}))
        outbox.append(said.id, "note", name="knn", text="no labels")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    with Writer(uri, info(), tmp_path) as writer:
        assert writer.flush()
    assert notes_of(uri) == {"knn": "no labels"}
    client = connect(uri)
    experiment = client.get_experiment_by_name("quickstart").experiment_id
    assert len(client.search_runs([experiment], f"tags.`probeline.trial_id` = '{trial().id}'")) == 1
