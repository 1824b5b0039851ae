from dataclasses import replace

from probeline.report.results.baseline import counterparts, title
from probeline.report.results.results import Results


def read(trials):
    results = Results(trials)
    return results.cells("linear_probe/top1", results.layout())


def test_an_arm_is_compared_with_every_other_cell(trials):
    other = counterparts(read(trials), "random_init")
    assert len(other) == 10 and {cell.label for cell in other.values()} == {"random_init"}
    assert "random_init" not in other


def test_a_method_is_compared_at_the_same_batch_size(trials):
    other = counterparts(read(trials), "supervised")
    assert other["simclr batch_size=64"].label == "supervised batch_size=64"
    assert set(other) == {f"{m} batch_size={b}" for m in ("simclr", "rotation") for b in (64, 128, 256)}


def test_a_cell_by_its_label_is_compared_with_every_other(trials):
    other = counterparts(read(trials), "simclr batch_size=64")
    assert len(other) == 10 and other["raw_pixels"].label == "simclr batch_size=64"


def test_a_mapping_names_what_the_baseline_matches(trials):
    assert counterparts(read(trials), {"training.batch_size": 64})["simclr batch_size=256"].x == 64
    one = counterparts(read(trials), {"method": "simclr", "training.batch_size": 128})
    assert {cell.label for cell in one.values()} == {"simclr batch_size=128"}


def test_a_mapping_reaches_into_the_recipe(trials):
    assert counterparts(read(trials), {"encoder": "raw_pixels"})["random_init"].label == "raw_pixels"


def test_a_baseline_that_is_not_there_compares_nothing(trials):
    assert counterparts(read(trials), "byol") == {} and counterparts(read(trials), None) == {}


def test_a_mapping_has_a_title():
    assert title({"method": "simclr", "training.batch_size": 64}) == "method=simclr, training.batch_size=64"


def test_an_axis_that_the_baseline_has_not_is_left_aside(trials):
    results = [
        cell if cell.arm or cell.coordinates["method"] == "supervised" else with_axis(cell) for cell in read(trials)
    ]
    other = counterparts(results, "supervised")
    assert other["simclr batch_size=64"].label == "supervised batch_size=64" and len(other) == 6


def with_axis(cell):
    return replace(cell, coordinates={**cell.coordinates, "method.temperature": 0.5})


def test_the_label_of_an_axis_stands_for_the_component_that_a_mapping_names(trials):
    labels = {"supervised": "with labels"}
    results = [
        replace(cell, coordinates=cell.coordinates | {"method": labels.get(cell.line, cell.coordinates["method"])})
        if not cell.arm
        else cell
        for cell in read(trials)
    ]
    other = counterparts(results, {"method": "supervised"})
    assert other["simclr batch_size=64"].label == "supervised batch_size=64"
    assert title({"method": "supervised"}, results) == "method=with labels"
