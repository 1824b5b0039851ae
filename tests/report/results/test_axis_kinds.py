"""Every kind of axis, from the YAML file to the page: an export's page is MLflow's page, and null is not missing."""

from collections import defaultdict

import pandas as pd
import pytest
from probeline.experiment.grid import cells
from probeline.experiment.identity import trials
from probeline.experiment.load import load_text
from probeline.report.formats import exports
from probeline.report.formats.contents import contents
from probeline.report.formats.page import render
from probeline.report.results import stored
from probeline.report.results.baseline import counterparts
from probeline.report.results.results import Results
from probeline.tracking.reading.results import table
from probeline.tracking.reading.run import Run

BASE = """\
name: kinds
base:
  data: {name: digits, train_size: 300, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 1, batch_size: 64}
  evaluation: [{name: knn, k: 5}]
seeds: 2
"""
GRIDS = {
    "ints": "training.batch_size: [32, 64, 128]",
    "floats": "training.lr: [0.1, 0.25, 0.3]",
    "mixed numbers": "training.lr: [0.1, 0.5, 1]",
    "large and small": "training.weight_decay: [1.0e-300, 1.0e+17, 1, 0.1]",
    "bools": "encoder.zero_init_residual: [true, false]",
    "null": "training.micro_batch: [null, 16]",
    "null first by method": "method: [simclr, random_init], training.micro_batch: [null, 16]",
    "strings": "training.optimizer: [sgd, adamw]",
    "labelled": "training.micro_batch: {whole: null, half: 32}, training.lr: {slow: 0.1, fast: 1}",
    "components": "method: [simclr, {name: simclr, temperature: 0.2}, random_init]",
    "labelled components": "method: {cold: {name: simclr, temperature: 0.1}, warm: {temperature: 1}}",
    "lists": "evaluation: [[{name: knn, k: 5}], [{name: knn, k: 5}, collapse]], training.batch_size: [32, 64]",
}
MORE = {
    "missing beside null": "grid: {method: [simclr, random_init]}\n"
    "when: [{if: {method: simclr}, grid: {training.micro_batch: [null, 16]}}]\narms: {floor: {method: rotation}}\n",
}
TEXTS = {name: f"grid: {{{grid}}}\n" for name, grid in GRIDS.items()} | MORE


def _frame(text):
    """The results frame of a finished experiment, with numbers that tell its cells apart."""
    experiment = load_text(BASE + text, "kinds.yaml")
    planned, _ = trials(cells(experiment), experiment.seeds, defaultdict(lambda: "d1"))
    runs = {
        trial.id: Run(
            trial.id,
            f"run{number}",
            "FINISHED",
            1_000 * number,
            1_000 * number + 500,
            metrics={"knn/top1": (0.5 + 0.01 * number, 0), "cost/train_seconds": (1.5 * number, 0)},
        )
        for number, trial in enumerate(planned)
    }
    return experiment, table(planned, runs)


NO_HISTORY = pd.DataFrame({"trial_id": pd.Series(dtype="str"), "name": pd.Series(dtype="str"),
                           "step": pd.Series(dtype="int64"), "value": pd.Series(dtype="float64")})  # fmt: skip


@pytest.mark.parametrize("kind", TEXTS)
def test_the_page_of_an_export_is_the_page_of_mlflow_byte_for_byte(kind, tmp_path):
    experiment, frame = _frame(TEXTS[kind])
    exports.write(Results(frame, NO_HISTORY), tmp_path)
    back = stored.read(tmp_path)
    for axis in back.axes:
        assert list(map(repr, back.trials[axis])) == list(map(repr, frame[axis]))
    assert render(contents(experiment, back)) == render(contents(experiment, Results(frame, NO_HISTORY)))


def test_null_is_a_value_with_a_line_of_its_own():
    _, frame = _frame(TEXTS["null"])
    assert list(map(str, Results(frame).values["training.micro_batch"])) == ["null", "16"]
    assert Results(frame).layout().lines == ("micro batch=null", "micro batch=16")


def test_missing_and_null_are_two_things():
    _, frame = _frame(TEXTS["missing beside null"])
    results = Results(frame)
    shape = results.layout()
    lines = {cell.label: cell.line for cell in results.cells("knn/top1", shape)}
    assert lines == {
        "simclr micro_batch=null": "simclr, micro batch=null",
        "simclr micro_batch=16": "simclr, micro batch=16",
        "random_init": "random_init",
        "floor": "floor",
    }
    without_arms = Results(frame).matching({"training.micro_batch": None}).trials["cell"].unique()
    assert list(without_arms) == ["simclr micro_batch=null", "floor"]


@pytest.mark.parametrize("kind", ["null", "null first by method", "labelled"])
def test_null_can_be_the_baseline(kind):
    experiment, frame = _frame(TEXTS[kind] + "report: {baseline: {training.micro_batch: null}}\n")
    results = Results(frame)
    shape = results.layout()
    pairs = counterparts(results.cells("knn/top1", shape), experiment.report.baseline)
    null = "whole" if kind == "labelled" else "null"
    assert pairs and all(str(other.coordinates["training.micro_batch"]) == null for other in pairs.values())
    assert not any(str(frame.set_index("cell").loc[[label]]["training.micro_batch"].iloc[0]) == null for label in pairs)


def test_values_with_labels_are_called_by_them():
    _, frame = _frame("grid: {training.epochs: {equal tokens: 3, equal steps: 1}, training.batch_size: [32, 64]}\n")
    layout = Results(frame).layout("training.batch_size")
    assert layout.lines == ("equal tokens", "equal steps") and layout.x_values == (32, 64)
    assert Results(frame).layout("training.epochs").x_values == ("equal tokens", "equal steps")


def test_null_in_the_recipe_of_an_arm_can_be_the_baseline():
    text = "arms: {whole: {}, half: {training.micro_batch: 32}}\nreport: {baseline: {training.micro_batch: null}}\n"
    experiment, frame = _frame(text)
    results = Results(frame)
    pairs = counterparts(results.cells("knn/top1", results.layout()), experiment.report.baseline)
    assert {label: other.label for label, other in pairs.items()} == {"half": "whole"}


def test_an_export_without_the_metadata_is_read_as_before(tmp_path):
    _, frame = _frame(TEXTS["strings"])
    exports.write(Results(frame, NO_HISTORY), tmp_path)
    plain = pd.read_parquet(tmp_path / "results.parquet")
    plain.attrs = {}
    plain.to_parquet(tmp_path / "results.parquet")
    assert list(stored.read(tmp_path).trials["training.optimizer"]) == list(frame["training.optimizer"])
