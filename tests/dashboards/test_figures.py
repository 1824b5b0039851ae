"""The report's figures in the dashboard, drawn from what is in MLflow now."""

import json

import pytest

pytest.importorskip("dash", reason="the extra [dashboard] is not installed")

from probeline.core.events import Artifact
from probeline.execution.planning.plan import make
from probeline.experiment.load import load_text
from probeline.experiment.trial import Trial
from probeline.tracking.server.location import resolve
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer
from probeline_dashboard.figures import Figures, components
from probeline_dashboard.live import Live

SPEC = """
name: tuned
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {batch_size: 64}
tune: {space: {training.lr: {log_uniform: [0.01, 1]}}, trials: 2}
"""
TRIED = [{"number": n, "state": "complete", "value": 0.4 + n / 10, "values": {"training.lr": 0.1 + n}} for n in (0, 1)]
STUDY = {"chosen": TRIED[1]["values"], "score": 0.5, "trials": TRIED, "importance": {}}


def test_what_a_study_has_chosen_is_drawn(tmp_path):
    uri, experiment = resolve(f"sqlite:///{tmp_path}/mlflow.db"), load_text(SPEC, "spec.yaml")
    (study,) = make(experiment, uri).studies
    file = tmp_path / "study.json"
    file.write_text(json.dumps(STUDY))
    with Writer(uri, ExperimentInfo("tuned", spec_text=SPEC), tmp_path / ".probeline") as writer:
        tags = {"kind": "study", "study": study.tune.model_dump_json(by_alias=True, exclude_none=True)}
        writer.started(Trial(study.id, study.id, study.cell, 0), tags=tags)
        writer.artifacts(study.id, [Artifact("study.json", file)])
        writer.tags(study.id, {"chosen": json.dumps(STUDY["chosen"]), "study_trials": "2"})
        writer.finished(study.id)
        assert writer.flush(300), writer.trouble
    live = Live(lambda: make(experiment, uri), uri, tmp_path)
    live.refresh()
    renderings = Figures(live)
    history = [each["name"] for each in components(live)].index("tuning_history")
    rendering = renderings.get(history)
    assert rendering.figure is not None, rendering.caption
    assert [0.4, 0.5] in [list(trace["y"]) for trace in rendering.figure["data"]]
