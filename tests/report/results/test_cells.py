import numpy as np
import pandas as pd
import pytest
from probeline.report.results.axis_values import shown
from probeline.report.results.results import Results
from probeline.statistics.intervals import Basis

TOP1 = "linear_probe/top1"


def layout(trials, **axes):
    return Results(trials).layout(**axes)


def cells(trials, metric=TOP1):
    results = Results(trials)
    return results.cells(metric, results.layout())


def test_axes_are_neither_facts_nor_metrics(trials):
    assert Results(trials).axes == ("method", "training.batch_size")


def test_x_is_the_first_numeric_axis_with_several_values_and_line_the_first_other(trials):
    shape = layout(trials)
    assert (shape.x, shape.line) == ("training.batch_size", "method")
    assert shape.lines == ("simclr", "rotation", "supervised") and shape.arms == ("random_init", "raw_pixels")
    assert shape.x_values == (64, 128, 256)


def test_an_axis_that_is_not_there_gives_way(trials):
    assert layout(trials, x="training.lr", line="encoder") == layout(trials)


def test_an_axis_with_one_value_is_no_x(make):
    shape = layout(make.trials(sizes=(64,)), x="training.batch_size")
    assert shape.x is None and shape.lines == ("simclr", "rotation", "supervised")


def test_a_third_axis_tells_lines_apart(trials):
    wide = [trials.assign(**{"encoder.width": w, "cell": trials["cell"] + f" width={w}"}) for w in (8, 16)]
    both = pd.concat(wide, ignore_index=True)
    shape = layout(both, x="training.batch_size", line="method")
    assert shape.lines[:2] == ("simclr, width=8", "rotation, width=8") and len(shape.lines) == 6


def test_an_arm_with_a_lines_name_is_told_from_it(make):
    shape = layout(make.trials(arms={"supervised": 0.5}))
    assert shape.labels == ("simclr", "rotation", "supervised", "supervised (arm)")


def test_failed_and_missing_trials_are_listed_and_in_no_mean(make, trials):
    frame = make.fail(make.fail(trials, 0), 1, "missing", None, None)
    cell = cells(frame)[0]
    assert list(cell.values) == [2] and cell.missing == ("seed 0: diverged", "seed 1: not run")
    assert cell.estimate.n == 1 and cell.estimate.mean == trials.loc[2, TOP1]


def test_a_running_trials_number_is_not_yet_a_result(trials):
    frame = trials.copy()
    frame.loc[0, "status"] = "running"
    assert cells(frame)[0].missing == ("seed 0: running",)


def test_a_finished_trial_without_the_metric_is_missing(trials):
    frame = trials.copy()
    frame.loc[0, TOP1] = np.nan
    assert cells(frame)[0].missing == (f"seed 0: finished without {TOP1}",)


def test_a_metric_that_nobody_recorded_leaves_every_cell_empty(trials):
    assert all(not cell.values for cell in cells(trials, "verification/eer"))


def test_a_cell_knows_how_noisy_its_test_split_is(trials):
    frame = trials.assign(test_samples=[None] * 3 + [100.0] * (len(trials) - 3))
    unknown, measured = cells(frame)[:2]
    assert unknown.measurement.variance is None
    assert measured.measurement.variance**0.5 == pytest.approx((measured.estimate.mean * 0.3 / 100) ** 0.5, rel=0.1)
    assert "test_samples" not in Results(frame).axes


def test_raw_pixels_are_deterministic_and_a_random_encoder_is_not(trials):
    arms = {cell.label: cell for cell in cells(trials) if cell.arm}
    assert arms["raw_pixels"].estimate.basis is Basis.DETERMINISTIC
    assert arms["random_init"].estimate.basis is Basis.SEEDS


def test_values_widened_to_floats_are_shown_as_written(trials):
    assert [shown(value) for value in Results(trials).values["training.batch_size"]] == ["64", "128", "256"]
    assert shown(0.05) == "0.05" and shown(True) == "True"


def test_an_empty_plan_has_an_empty_layout(trials):
    assert layout(trials.iloc[:0]).labels == () and cells(trials.iloc[:0]) == ()


def test_cells_are_read_once_for_a_metric_and_a_layout(trials):
    results = Results(trials)
    shape = results.layout("training.batch_size", "method")
    assert results.layout("training.batch_size", "method") is shape
    assert results.cells(TOP1, shape) is results.cells(TOP1, shape)
    other = results.cells(TOP1, results.layout("method", "training.batch_size"))
    assert (
        other[0].estimate is results.cells(TOP1, shape)[0].estimate
        and other[0].line != results.cells(TOP1, shape)[0].line
    )


def test_no_condition_matches_all_trials_and_keeps_what_was_read(trials):
    results = Results(trials)
    assert results.matching({}) is results
    few = results.matching({"method": "simclr"})
    assert set(few.trials["cell"]) == {
        *(f"simclr batch_size={size}" for size in (64, 128, 256)),
        "random_init",
        "raw_pixels",
    }
