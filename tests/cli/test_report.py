"""`probeline report` and `probeline compare` as a user types them, where torch, ray and optuna cannot be imported."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.tracking.server.location import resolve
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer

SPEC = """
name: {name}
base: {{data: digits, encoder: {{name: resnet, width: {width}}}, method: simclr}}
grid: {{method: [simclr, byol], training.lr: [0.1, 0.3]}}
seeds: {seeds}
report: {{metric: linear_probe/top1, baseline: byol}}
"""
REFUSED = """
import sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "ray", "optuna"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, Refused())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A working directory with two experiments of eight and twelve finished trials in its MLflow, and a trap."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "trap").mkdir()
    (folder / "trap/sitecustomize.py").write_text(REFUSED)
    uri = resolve(f"sqlite:///{folder}/mlflow.db")
    for name, seeds, width, better in (("first", 2, 4, 0.0), ("second", 3, 8, 0.1)):
        (folder / f"{name}.yaml").write_text(SPEC.format(name=name, seeds=seeds, width=width))
        finish(uri, folder, name, better)
        run(folder, "report", f"{name}.yaml", "--no-publish")
    return folder


def finish(uri, folder, name, better):
    """Every planned trial that has not finished becomes one with results."""
    with Writer(uri, ExperimentInfo(name), folder / ".probeline") as writer:
        for trial in make(load(folder / f"{name}.yaml"), uri).todo:
            top1 = (
                0.5
                + better * (1 + 0.02 * trial.seed)
                + 0.01 * trial.seed
                + 0.1 * (trial.cell.coordinates["method"] == "simclr")
            )
            writer.started(trial)
            writer.records(trial.id, [Record("train/loss", 1 / step, step) for step in (1, 2)])
            writer.records(trial.id, [Record("linear_probe/top1", top1), Record("cost/train_seconds", 2.0)])
            writer.finished(trial.id)
        assert not writer.close()


def run(folder, *words, code=0, path=None):
    """What the command printed."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MLFLOW_TRACKING_URI", "BROWSER_PATH")}
    environment["PYTHONPATH"] = os.pathsep.join([str(folder / "trap"), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment["PATH"] = path or os.environ["PATH"]
    command = [str(Path(sys.executable).with_name("probeline")), *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
"""A shell's words: the folder $0 is mounted read-only for the command that follows."""


def read_only(folder, *words):
    """A command in a folder that nobody can write to, as on a read-only share."""
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, str(folder), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_the_trap_holds(folder):
    done = subprocess.run([sys.executable, "-c", "import torch"], env={"PYTHONPATH": str(folder / "trap")}, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert "torch is not installed here" in done.stderr


def test_a_report_is_made_from_mlflow_and_put_there_without_torch_or_ray(folder):
    said = run(folder, "report", "first.yaml", "--out", "made")
    assert "in MLflow: #/experiments/" in said and "not put into MLflow" not in said
    assert (folder / "made/index.html").stat().st_size > 1e6
    assert len(pd.read_parquet(folder / "made/results.parquet")) == 8


@pytest.mark.slow
def test_a_report_is_made_from_a_read_only_copy_of_the_project(folder, tmp_path):
    copied = tmp_path / "what?now 50%25"
    shutil.copytree(folder, copied)
    if read_only(copied, "true").returncode:
        pytest.skip("this user may mount nothing")
    command = [Path(sys.executable).with_name("probeline"), "report", "first.yaml"]
    refused = read_only(copied, *command)
    assert refused.returncode == 2
    assert refused.stderr.startswith("--out .probeline/reports/first: cannot be written (Read-only file system)")
    made = read_only(copied, *command, "--out", tmp_path / "page")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "not put into MLflow" in made.stdout
    assert len(pd.read_parquet(tmp_path / "page/results.parquet")) == 8


def test_a_report_is_made_from_an_export_without_torch_or_ray(folder):
    run(folder, "report", "first.yaml", "--from", ".probeline/reports/first", "--out", "again")
    for name in ("report.md", "tables.tex"):
        assert (folder / "again" / name).read_text() == (folder / ".probeline/reports/first" / name).read_text()


def test_two_experiments_and_two_exports_are_compared_cell_by_cell(folder):
    said = run(folder, "compare", "first.yaml", "second.yaml").splitlines()
    assert said[0].endswith("B minus A by paired seeds; A = first.yaml, B = second.yaml")
    (row,) = (line for line in said if line.startswith("byol lr=0.3"))
    assert row.split()[2:] == ["50.5%", "->", "61.2%", "+10.1", "points", "8.8", "to", "11.4", "n=2", "higher"]
    shutil.copytree(folder / ".probeline/reports/second", folder / "later")
    exported = run(folder, "compare", ".probeline/reports/first", "later/results.parquet").splitlines()
    assert exported[1:] == said[1:]


def test_an_export_that_is_not_there_is_a_message(folder):
    assert "not found; `probeline report SPEC`" in run(folder, "compare", "first.yaml", "nowhere.parquet", code=2)


@pytest.mark.slow
def test_a_result_that_has_become_worse_is_exit_code_1(folder):
    run(folder, "report", "second.yaml", "--no-publish", "--expect", "stored.yaml")
    assert "FAIL" not in run(
        folder, "report", "second.yaml", "--from", ".probeline/reports/second", "--check", "stored.yaml"
    )
    said = run(folder, "report", "first.yaml", "--no-publish", "--check", "stored.yaml", code=1)
    assert said.count("FAIL") >= 1 and "expected" in said


@pytest.mark.slow
def test_figures_as_files_without_a_chrome_are_a_message_that_says_what_to_install(folder):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    said = run(
        folder, "report", "first.yaml", "--no-publish", "--images", "svg", "--out", "bare", path="/nowhere", code=2
    )
    assert "install one (apt-get install chromium)" in said
    assert (folder / "bare/index.html").exists()
