import pytest
from probeline.report.results.results import Results
from probeline.report.tables import leaderboard

TOP1 = "linear_probe/top1"


def table(trials, metric=TOP1):
    results = Results(trials)
    return leaderboard.table(results, metric, results.layout())


def test_lines_stand_best_first_with_their_pooled_numbers(trials):
    rows = table(trials).rows
    assert [row[1].text for row in rows] == ["supervised", "simclr", "rotation", "random_init", "raw_pixels"]
    pooled = trials[trials["method"] == "simclr"][TOP1]
    assert rows[1][4].sort == pytest.approx(pooled.mean()) and rows[1][5].sort == pytest.approx(pooled.median())
    assert rows[0][0].sort == 1 and rows[0][2].text == "9"


def test_every_run_behind_a_line_is_named(trials):
    behind = " ".join(table(trials).rows[0][2].behind)
    assert all(identity in behind for identity in trials[trials["method"] == "supervised"]["trial_id"])


def test_lines_that_cannot_be_told_apart_share_a_place(make):
    rows = table(make.trials(levels={"a": 0.700, "b": 0.7001}, arms={"random_init": 0.3}, seeds=5)).rows
    assert [row[0].text for row in rows] == ["1 to 2", "1 to 2", "3"]


def test_only_cells_that_every_line_has_count(make, trials):
    for row in (0, 1, 2):
        trials = make.fail(trials, row)
    assert {row[1].text: row[3].text for row in table(trials).rows} == {
        "supervised": "2", "simclr": "2", "rotation": "2", "random_init": "1", "raw_pixels": "1"
    }  # fmt: skip


def test_a_lower_error_stands_higher(trials):
    rows = table(trials.assign(**{"linear_probe/ece": 1 - trials[TOP1]}), "linear_probe/ece").rows
    assert rows[0][1].text == "supervised"


def test_one_line_has_no_standings(make):
    assert table(make.trials(levels={"a": 0.5}, arms={})).rows == ()
