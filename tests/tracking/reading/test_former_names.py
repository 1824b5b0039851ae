"""Results that an older version recorded under former names of protocols are read under today's."""

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.mlflow_server import MlflowServer
from helpers.trial_events import info, trial
from probeline.core.events import Artifact, Note, ProtocolError, Record
from probeline.tracking.reading.artifacts import ArtifactSource, small_files
from probeline.tracking.reading.former_names import current_metrics
from probeline.tracking.reading.live_runs import LiveRuns
from probeline.tracking.reading.results import find, frame, statuses
from probeline.tracking.reading.runs import open_runs
from probeline.tracking.writing.writer import Writer


def record(uri: str, folder: Path) -> None:
    """Two trials as a version before the renaming left them; of the first, one protocol crashed."""
    with Writer(uri, info(), folder) as writer:
        for each, value in ((trial(1), 0.75), (trial(2), 0.5)):
            writer.started(each)
            writer.records(
                each.id,
                [
                    Record("kept_information/rotation/h", value),
                    Record("knn/top1", 0.25),
                    *(Record("loss_cost/8/seconds", 1.0 / step, step) for step in (1, 2)),
                ],
            )
            sheet = folder / "samples.png"
            sheet.write_bytes(b"\x89PNG")
            writer.artifacts(each.id, [Artifact("pictures/samples.png", sheet)])
            writer.notes(each.id, [Note("kept_information/grey", "no colours")])
        writer.finished(trial(1).id, [ProtocolError("pictures", "RuntimeError: no disk", "")])
        writer.finished(trial(2).id)
        assert writer.flush(60)


@pytest.mark.parametrize("store", ["uri", "server"])
def test_metrics_notes_crashes_and_files_have_todays_names(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    given = request.getfixturevalue(store)
    uri = given.uri if isinstance(given, MlflowServer) else given
    record(uri, tmp_path / "work")
    planned = [trial(1), trial(2)]
    trials, history = frame(uri, planned)
    assert trials["transformation_probe/rotation/h"].tolist() == [0.75, 0.5]
    assert trials["knn/top1"].tolist() == [0.25, 0.25]
    assert trials["loss_benchmark/8/seconds"].tolist() == [0.5, 0.5]
    assert not [name for name in trials.columns if name.startswith(("kept_information", "loss_cost"))]
    assert trials["notes"][0] == {"transformation_probe/grey": "no colours"}
    assert history["name"].tolist() == ["loss_benchmark/8/seconds"] * 4
    assert history["value"].tolist() == [1.0, 0.5] * 2
    status = statuses(uri, [trial(1).id])[trial(1).id]
    assert status.protocols == ("generations",)

    files, error = small_files(uri, [ArtifactSource(trial(1).id, str(status.run_id), ["knn", "generations"])])
    assert (error, files["name"].tolist()) == ("", ["generations/samples.png"])

    live = LiveRuns(uri, [each.id for each in planned], info().name)
    live.refresh()
    assert live.runs[trial(2).id].metrics["transformation_probe/rotation/h"] == (0.5, 0)
    assert len(live.history([trial(1).id], "loss_benchmark/8/seconds")) == 2
    shown = find(uri, trial(1).id)
    assert shown["metrics"]["transformation_probe/rotation/h"] == 0.75
    assert shown["notes"] == {"transformation_probe/grey": "no colours"}


def test_a_protocol_that_crashed_under_its_former_name_runs_again_under_todays(uri: str, tmp_path: Path) -> None:
    record(uri, tmp_path / "work")
    again = replace(trial(1), protocols=("generations", "transformation_probe"))
    with Writer(uri, info(), tmp_path / "work") as writer:
        writer.started(again)
        writer.records(again.id, [Record("generations/mean_squared_error", 0.125)])
        writer.finished(again.id)
        assert writer.flush(60)
    trials, _ = frame(uri, [trial(1)])
    assert trials["generations/mean_squared_error"].tolist() == [0.125]
    assert trials["transformation_probe/rotation/h"].tolist() == [0.75]
    assert (trials["failure"][0], trials["notes"][0]) == (None, {}), "of what runs again nothing old is shown"
    runs = open_runs(uri)
    assert runs is not None and len(runs.read([trial(1).id])) == 1


def test_of_a_metric_under_both_names_todays_counts() -> None:
    both = {"loss_benchmark/8/seconds": 2.0, "loss_cost/8/seconds": 1.0, "loss_cost/8/bytes": 3.0}
    assert current_metrics(both) == {"loss_benchmark/8/seconds": 2.0, "loss_benchmark/8/bytes": 3.0}
