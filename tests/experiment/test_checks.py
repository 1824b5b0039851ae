"""Checks that need the data's size or several parts of an experiment."""

import pytest
from probeline.experiment.checks import check_sizes
from probeline.experiment.grid import cells
from probeline.experiment.identity import data_key
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError


def told(text, size, **chosen):
    experiment = load_text(text, "demo.yaml", **chosen)
    made = cells(experiment)
    with pytest.raises(SpecError) as caught:
        check_sizes(experiment, made, {data_key(cell.recipe): size for cell in made})
    return [str(problem) for problem in caught.value.problems]


def test_a_batch_larger_than_the_training_set_is_told_where_it_is_written(base):
    grid = "grid: {training.batch_size: [64, 256], training.lr: [1, 2]}\n"
    said = "got {}; the training set of lab.scans has 100 samples; allowed: at most 100"
    assert told(base, 100) == ["demo.yaml:6 base.training.batch_size: " + said.format(128)]
    assert told(base + grid, 100) == ["demo.yaml:8 grid.training.batch_size[1]: " + said.format(256)]
    assert told(base + "arms: {big: {training: {batch_size: 999}}}\n", 100) == [
        "demo.yaml:8 arms.big.training.batch_size: " + said.format(999)
    ]
    assert told(base, 100, sets=["training.batch_size=300"]) == ["--set training.batch_size=300: " + said.format(300)]
    default = base.replace(", batch_size: 128", "")
    assert told(default, 100) == ["demo.yaml:6 base.training.batch_size: " + said.format(256)]


def test_a_batch_that_fits_or_is_never_drawn_passes(base):
    for text in (base, base.replace("epochs: 10", "epochs: 0").replace("128", "9999")):
        experiment = load_text(text, "demo.yaml")
        made = cells(experiment)
        check_sizes(experiment, made, {data_key(cell.recipe): 128 for cell in made})


def test_a_method_that_does_not_train_may_have_any_batch_size(base):
    experiment = load_text(base.replace("lab.contrast", "random_init").replace("128", "9999"), "demo.yaml")
    made = cells(experiment)
    check_sizes(experiment, made, {data_key(cell.recipe): 128 for cell in made})


def test_the_metric_is_the_primary_one_of_the_first_protocol_that_has_one(base):
    assert load_text(base, "demo.yaml").report.metric == "lab.score/top1"
    both = base.replace("[lab.score]", "[knn, linear_probe]")
    assert load_text(both, "demo.yaml").report.metric == "knn/top1"
    shown = base.replace("[lab.score]", "[views, rankme]")
    assert load_text(shown, "demo.yaml").report.metric == "rankme/h"
    later = base.replace("[lab.score]", "[{name: fine_tune, fractions: [0.5], epochs: [1]}]")
    assert load_text(later, "demo.yaml").report.metric is None  # which share is first is settled by what is recorded
    assert load_text(base + "report: {metric: cost/train_seconds}\n", "demo.yaml").report.metric == "cost/train_seconds"


@pytest.mark.parametrize("baseline", ["floor", "lr=1", "{training.lr: 1}"])
def test_a_baseline_is_an_arm_a_cell_or_what_it_matches(base, baseline):
    text = "grid: {training.lr: [1, 2]}\narms: {floor: {method: lab.turn}}\nreport: {baseline: " + baseline + "}\n"
    assert load_text(base + text, "demo.yaml").report.baseline


def test_default_figures_need_a_baseline_for_differences(base):
    arms = "arms: {floor: {method: lab.turn}, other: {}}\n"
    without = load_text(base + arms, "demo.yaml").report.figures
    having = load_text(base + arms + "report: {baseline: floor}\n", "demo.yaml").report.figures
    names = [figure["name"] for figure in having]
    assert "paired_differences" in names
    assert [figure["name"] for figure in without] == [name for name in names if name != "paired_differences"]


def test_figures_are_resolved_in_the_order_given(base):
    text = "grid: {training.lr: [1, 2]}\nreport: {figures: [cost, {name: metric_against_axis, x: training.lr}]}\n"
    figures = load_text(base + text, "demo.yaml").report.figures
    assert [figure["name"] for figure in figures] == ["cost", "metric_against_axis"]
    assert figures[1]["x"] == "training.lr"


def test_a_micro_batch_above_its_batch_is_told_where_it_is_written(base):
    text = base.replace("batch_size: 128", "micro_batch: 100")
    with pytest.raises(SpecError) as caught:
        cells(load_text(text + "grid: {training.batch_size: [64, 256]}\n", "demo.yaml"))
    said = "got 100, more than training.batch_size, 64; allowed: at most that, or null"
    assert [str(problem) for problem in caught.value.problems] == [f"demo.yaml:6 base.training.micro_batch: {said}"]
