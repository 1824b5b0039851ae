"""A protocol that crashes in a real run: shown by status and report, and run again alone once it is mended."""

import io
from pathlib import Path

import mlflow
import pytest
from probeline.execution.planning.plan import make
from probeline.execution.planning.plan_text import status_text
from probeline.execution.progress import PlainProgress
from probeline.execution.run import RunEnvironment, run
from probeline.experiment.load import load
from probeline.report.results.results import Results
from probeline.report.tables import tables
from probeline.tracking.reading.results import frame
from probeline.tracking.writing.experiments import describe
from rich.console import Console

PLUGIN = '''"""Counts how often it is asked."""
from pathlib import Path
from probeline.core.metric import Metric
from probeline.evaluation.base import Protocol
from probeline.core.events import Record
from probeline.core.settings import Settings

METRICS = {"score": Metric("score", direction="higher")}
PRIMARY = "score"

class Config(Settings):
    pass

class Own(Protocol):
    def evaluate(self, data, folder):
        path = Path(__file__).with_suffix(".asked")
        path.write_text((path.read_text() if path.exists() else "") + "x")
        yield Record("score", 0.25)
        BODY
'''


@pytest.fixture
def lab(one_cell, monkeypatch):
    """Two protocols of the lab's own, `crash` and `sound`."""
    folder = one_cell.parent
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    (folder / "errors_lab").mkdir()
    crash = "raise RuntimeError('the sheet could not be written')"
    (folder / "errors_lab/crash.py").write_text(PLUGIN.replace("BODY", crash))
    (folder / "errors_lab/sound.py").write_text(PLUGIN.replace("BODY", "pass"))
    return folder


def go(spec, uri, sets):
    plan, screen = make(load(spec, None, sets), uri), io.StringIO()
    info = describe(plan.experiment, spec.read_text(), {})
    watch = PlainProgress(plan.todo, 0, Console(file=screen, width=200))
    outcome = run(plan, info, RunEnvironment(spec.parent / ".probeline", uri), watch)
    return plan, outcome, screen.getvalue()


def test_it_is_its_own_failure_and_runs_again_alone(one_cell, uri, lab):
    sets = ["evaluation=[errors_lab.sound, errors_lab.crash, linear_probe]"]
    plan, outcome, screen = go(one_cell, uri, sets)
    count = len(plan.trials)
    assert (len(outcome.finished), outcome.failed, outcome.exit_code) == (count, {}, 1)
    assert f"protocol errors_lab.crash failed in {count}" in outcome.summary("spec.yaml")
    assert "protocol errors_lab.crash failed" in screen and "the sheet could not be written" in screen

    trials, _ = frame(uri, plan.trials)
    assert trials["linear_probe/top1"].notna().all() and trials["errors_lab.sound/score"].notna().all()
    assert "errors_lab.crash/score" not in trials, "what it said before it crashed does not count"
    assert set(trials["status"]) == {"finished"} and set(trials["failure"]) == {"protocol_error"}
    client = mlflow.MlflowClient(uri)
    traceback = Path(client.download_artifacts(trials["run_id"][0], "traceback.txt")).read_text()
    assert "RuntimeError: the sheet could not be written" in traceback and "crash.py" in traceback

    after = make(load(one_cell, None, sets), uri)
    assert after.counts() == {"finished in part": count}
    assert {trial.protocols for trial in after.todo} == {("errors_lab.crash",)}
    told = status_text(after)
    assert "errors_lab.crash: RuntimeError: the sheet could not be written" in told
    assert "the next run tries it again" in told
    results = Results(trials)
    rows = tables.failures(results, "linear_probe/top1")
    assert len(rows.rows) == count and "0 of" in rows.caption and rows.rows[0][4].text == "protocol_error"
    assert tables.main_table(results, "linear_probe/top1", results.layout()).rows[0][1].text == "1"

    encoders = {path: path.stat().st_mtime_ns for path in lab.glob(".probeline/encoders/*/*")}
    (lab / "errors_lab/crash.py").write_text(PLUGIN.replace("BODY", "pass"))
    again, outcome, _ = go(one_cell, uri, sets)
    assert (len(again.todo), len(outcome.finished), outcome.exit_code) == (count, count, 0)
    assert (lab / "errors_lab/sound.asked").read_text() == "x" * count, "only the protocol that crashed runs again"
    assert {path: path.stat().st_mtime_ns for path in lab.glob(".probeline/encoders/*/*")} == encoders
    trials, _ = frame(uri, plan.trials)
    assert trials["errors_lab.crash/score"].tolist() == [0.25] * count
    assert trials["failure"].isna().all() and trials["message"].isna().all()
    assert make(load(one_cell, None, sets), uri).todo == []
