import numpy as np
import pytest
from probeline.report.results.results import Results
from probeline.report.results.time_spent import time_spent
from probeline.report.tables import tables

TOP1 = "linear_probe/top1"


def table_of(make_table, trials, *arguments):
    results = Results(trials)
    return make_table(results, *arguments, results.layout())


def test_a_result_has_its_n_interval_seeds_and_trial_ids(trials):
    table = table_of(tables.main_table, trials, TOP1)
    assert table.columns == ("Cell", "n", "Linear probe top-1 accuracy", "kNN top-1 accuracy")
    label, n, top1, _ = table.rows[0]
    rows = trials[trials["cell"] == "simclr batch_size=64"]
    assert (label.text, n.text) == ("simclr batch_size=64", "3")
    assert top1.sort == pytest.approx(rows[TOP1].mean()) and " to " in top1.small
    assert all(any(identity in line for line in top1.behind) for identity in rows["trial_id"])


def test_a_bootstrap_over_groups_stands_beside_the_interval_over_seeds(trials):
    more = trials.assign(**{"linear_probe/top1_low": 0.4, "linear_probe/top1_high": 0.5})
    table = table_of(tables.main_table, more, "linear_probe/top1")
    assert table.columns[3] == "95% over groups, bootstrap" and "not independent" in table.caption
    assert table.rows[0][3].text == "40.0 to 50.0" and table.rows[0][3].behind[0].startswith("seed 0: 40.0 to 50.0")


def test_a_cell_with_gaps_says_how_many_finished_and_why(make, trials):
    frame = make.fail(trials, 0)
    row = table_of(tables.main_table, frame, TOP1).rows[0]
    assert row[1].text == "2\u00a0of\u00a03" and row[1].behind == ("seed 0: diverged",)


def test_a_metric_with_another_n_says_so(trials):
    frame = trials.copy()
    frame.loc[0, "knn/top1"] = np.nan
    row = table_of(tables.main_table, frame, TOP1).rows[0]
    assert row[3].small.endswith(", n = 2") and "n = " not in row[2].small


def test_a_cell_without_a_result_keeps_its_row(make, trials):
    for row in range(3):
        trials = make.fail(trials, row)
    first = table_of(tables.main_table, trials, TOP1).rows[0]
    assert first[2].text == "—" and first[2].sort is None


def test_the_rest_of_the_metrics_leaves_out_what_is_no_result(trials):
    frame = trials.assign(**{"online_probe/top1": 0.9, "train/loss": 1.0})
    columns = table_of(tables.more_metrics, frame, TOP1).columns
    assert "Linear probe calibration error" in columns and "Linear probe top-1 accuracy, class rocket" in columns
    assert not any("nline" in name or "loss" in name for name in columns)
    assert "Online probe top-1 accuracy" not in table_of(tables.main_table, frame, TOP1).columns


def test_differences_name_both_trials_of_a_pair(trials):
    table = table_of(tables.differences, trials, TOP1, "random_init")
    first = table.rows[0]
    assert [entry.text for entry in first[:3]] == ["simclr batch_size=64", "random_init", "3"]
    assert "seed 0: +" in first[3].behind[0] and first[3].behind[0].count(", trials ") == 1
    assert len(table.rows) == 10


def test_a_verdict_follows_the_direction_of_the_metric(make, trials):
    frame = trials.copy()
    frame["linear_probe/ece"] = 1 - frame[TOP1]
    table = table_of(tables.differences, frame, "linear_probe/ece", "random_init")
    raw = next(row for row in table.rows if row[0].text == "raw_pixels")
    assert raw[-1].text == "worse" and raw[-3].text == "0.00"


def test_failures_have_their_class_and_message(make, trials):
    frame = make.fail(make.fail(trials, 0), 5, "missing", None, None)
    table = tables.failures(Results(frame), TOP1)
    assert [[entry.text for entry in row[2:]] for row in table.rows] == [
        ["0", "failed", "diverged", "the loss at epoch 3 is nan"],
        ["2", "missing", "not run", ""],
    ]


def test_cost_adds_up_what_all_trials_took(trials):
    table = table_of(tables.cost, trials)
    minutes = trials["cost/train_seconds"].sum() / 60
    assert f"All trials together: {minutes:.0f} min of training and " in table.caption
    shared = trials.assign(encoder_id=trials["encoder_id"].iloc[0])
    spent = time_spent(shared.assign(**{"cost/train_seconds": 7.0}))
    assert spent == {"training": 7.0, "evaluation": pytest.approx(trials["cost/eval_seconds"].sum())}
    assert table.columns[2:] == ("Training time", "Evaluation time", "Samples per second", "Parameters", "Peak memory")
