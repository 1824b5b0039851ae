import pytest
from probeline.errors import UserError
from probeline.report.checks import comparison
from probeline.report.checks.comparison import text
from probeline.report.results.results import Results

TOP1 = "linear_probe/top1"


def compare(a, b, metric):
    return comparison.compare(Results(a), Results(b), metric)


def test_cells_are_paired_by_label_and_seed(trials):
    moved = trials.assign(
        **{TOP1: trials[TOP1] + (0.05 + 0.001 * trials["seed"]) * (trials["cell"] == "simclr batch_size=64")}
    )
    found = compare(trials, moved, TOP1)
    rows = {row.cell: row for row in found.rows}
    assert len(rows) == 11 and rows["simclr batch_size=64"].gap.estimate.mean == pytest.approx(0.051)
    assert rows["simclr batch_size=64"].verdict == "higher" and rows["raw_pixels"].verdict == "the same"
    said = text(found, "old", "new")
    assert "1 better, 0 worse, 10 the same or cannot tell" in said and "+5.1 points" in said


def test_a_shift_that_is_equal_for_every_seed_cannot_be_told_without_the_size_of_the_test_split(trials):
    moved = trials.assign(**{TOP1: trials[TOP1] + 0.01})
    assert {row.verdict for row in compare(trials, moved, TOP1).rows if row.cell != "raw_pixels"} == {"cannot tell"}
    far = trials.assign(**{TOP1: trials[TOP1] + 0.2})
    rows = compare(trials.assign(test_samples=1000), far.assign(test_samples=1000), TOP1).rows
    assert {row.verdict for row in rows} == {"higher"}


def test_a_change_within_the_noise_cannot_be_told(make):
    a, b = make.trials(spread=0.02), make.trials(spread=0.02, seeds=(5, 6, 7))
    b["seed"] = b["seed"] - 5
    verdicts = {row.cell: row.verdict for row in compare(a, b, TOP1).rows}
    assert verdicts["simclr batch_size=128"] in ("cannot tell", "the same")


def test_what_only_one_side_has_is_named(make):
    found = compare(make.trials(sizes=(64, 128)), make.trials(sizes=(128, 256)), TOP1)
    assert found.only_a[0] == "simclr batch_size=64" and found.only_b[0] == "simclr batch_size=256"
    assert "only in A: simclr batch_size=64" in text(found, "a", "b")


def test_cells_that_share_no_seed_are_not_compared(make):
    found = compare(make.trials(seeds=(0, 1)), make.trials(seeds=(2, 3)), TOP1)
    assert all(row.verdict == "cannot tell" for row in found.rows) and "no seed on both sides" in text(found, "a", "b")


def test_nothing_in_common_is_an_error_that_names_both(make):
    with pytest.raises(UserError, match="A has simclr batch_size=64"):
        compare(make.trials(arms={}), make.trials(levels={"byol": 0.5}, arms={}), TOP1)
