"""What a YAML file says comes out as an experiment, at a scale, with overrides; a file that is none is told apart."""

import subprocess
import sys

import pytest
from helpers.shipped_ids import shipped_experiments
from probeline.errors import UserError
from probeline.experiment.grid import cells
from probeline.experiment.load import load, load_text
from probeline.experiment.problems import SpecError


def test_a_file_is_loaded_and_its_name_stands_in_mistakes(tmp_path, base):
    path = tmp_path / "demo.yaml"
    path.write_text(base)
    assert load(path).name == "demo"
    path.write_text(base.replace("width", "widht"))
    with pytest.raises(SpecError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}:4 base.encoder.widht: unknown")
    assert isinstance(caught.value, UserError)


def test_files_that_cannot_be_read_are_told_apart(tmp_path):
    def told(path):
        with pytest.raises(SpecError) as caught:
            load(path)
        (problem,) = caught.value.problems
        return str(problem)

    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "latin.yaml").write_bytes("name: x\nquestion: caf\xe9".encode("latin-1"))
    (tmp_path / "large.yaml").write_text("#" * 1_000_001)
    assert told(tmp_path / "none.yaml").endswith("none.yaml: no such file")
    assert "nor the folder" in told(tmp_path / "no" / "none.yaml")
    assert told(tmp_path).endswith(": a folder; name the experiment's YAML file in it")
    assert told(tmp_path / "empty.yaml").endswith("empty.yaml:1: empty; an experiment needs at least name and base")
    assert told(tmp_path / "latin.yaml").endswith("latin.yaml:2: byte 0xe9 is not UTF-8; save the file as UTF-8 text")
    assert "larger than 1 MB" in told(tmp_path / "large.yaml")
    assert "cannot be read" in told("a\0b")
    assert "cannot be read" in told("x" * 5000)
    assert told("/dev/null/x").startswith("/dev/null/x: ")


def test_a_sound_experiment_has_its_defaults(base):
    experiment = load_text(base, "demo.yaml")
    assert (experiment.seeds, experiment.scale, experiment.axes) == ((0,), None, [])
    assert (experiment.resources.cpus, experiment.resources.gpus) == (1, "auto")
    assert experiment.report.metric == "lab.score/top1"
    assert experiment.report.tables == ["results", "differences", "cost", "failures", "provenance"]
    assert all(set(figure) > {"name"} for figure in experiment.report.figures)


def test_a_set_and_a_scale_reach_seeds_and_resources(base):
    scales = "seeds: 3\nscales: {smoke: {seeds: [7], resources: {cpus: 0.5}}}\n"
    smoke = load_text(base + scales, "demo.yaml", "smoke")
    assert (smoke.seeds, smoke.resources.cpus) == ((7,), 0.5)
    sets = ["seeds=2", "resources.cpus=4", "resources.gpus=0.25"]
    experiment = load_text(base + scales, "demo.yaml", "smoke", sets)
    assert (experiment.seeds, experiment.resources.cpus, experiment.resources.gpus) == ((0, 1), 4, 0.25)


def test_where_says_the_line_of_a_part_or_of_what_it_is_in(base):
    experiment = load_text(base + "grid:\n  training.lr:\n    - 0.1\n    - 0.2\n", "demo.yaml")
    assert experiment.where("grid.training.lr[1]") == "demo.yaml:11"
    assert experiment.where("base.training.momentum") == "demo.yaml:6"
    assert experiment.where("nowhere") == "demo.yaml:1"


def test_a_scale_that_leaves_the_baseline_out_is_no_mistake(base):
    text = base + "grid: {training.lr: [1, 2]}\narms: {b: {training.lr: 3}}\nreport: {baseline: {training.lr: 2}}\n"
    text += "exclude: [{training.lr: 2, encoder.width: 9}]\nscales: {smoke: {grid: {training.lr: [1]}}}\n"
    with pytest.raises(SpecError, match="exclude"):
        load_text(text, "demo.yaml", "smoke")
    sound = text.replace("encoder.width: 9", "encoder.width: 8").replace("baseline: {training.lr: 2}", "baseline: b")
    assert load_text(sound, "demo.yaml", "smoke").report.baseline == "b"


def test_loading_imports_no_heavy_library(tmp_path):
    code = """
import sys
import probeline.experiment.load, probeline.experiment.identity, probeline.experiment.json_schema
heavy = {"torch", "numpy", "pandas", "ray", "mlflow", "plotly", "sklearn", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("path", shipped_experiments(), ids=lambda path: path.stem)
def test_the_shipped_experiments_load_at_every_scale(path):
    experiment = load(path)
    assert experiment.question and experiment.expected
    for scale in experiment.scales:
        assert cells(load(path, scale))
