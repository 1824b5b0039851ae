import pytest
from probeline.errors import UserError
from probeline.report.checks import expectations
from probeline.report.checks.expectations import Expectations, check
from probeline.report.results.results import Results

TOP1 = "linear_probe/top1"
CELL = "simclr batch_size=128"


def verdicts(trials, *entries):
    return [finding.good for finding in check(Expectations.model_validate({"expect": list(entries)}), Results(trials))]


def test_only_a_worse_mean_is_a_regression(trials):
    mean = trials[trials["cell"] == CELL][TOP1].mean()
    near, far, better = mean + 0.01, mean + 0.05, mean - 0.3
    entries = [{"cell": CELL, "mean": value, "tolerance": 0.02} for value in (near, far, better)]
    assert verdicts(trials, *entries) == [True, False, True]


def test_for_an_error_worse_is_higher(trials):
    entry = {"cell": CELL, "metric": "linear_probe/ece", "tolerance": 0.01}
    assert verdicts(trials, {**entry, "mean": 0.02}, {**entry, "mean": 0.5}) == [False, True]


def test_bounds_and_comparisons(trials):
    assert verdicts(
        trials,
        {"cell": CELL, "at_least": 0.6}, {"cell": CELL, "at_least": 0.9}, {"cell": CELL, "at_most": 0.6},
        {"cell": CELL, "beats": "random_init"}, {"cell": "random_init", "beats": CELL},
    ) == [True, False, False, True, False]  # fmt: skip


def test_nothing_passes_by_being_absent(make, trials):
    for row in range(3):
        trials = make.fail(trials, row)
    findings = check(
        Expectations.model_validate(
            {"expect": [{"cell": "simclr batch_size=64", "at_least": 0}, {"cell": "gone", "at_least": 0}]}
        ),
        Results(trials),
    )
    assert [finding.good for finding in findings] == [False, False]
    assert "diverged" in findings[0].text and "no cell 'gone'" in findings[1].text


def test_stored_results_pass_and_a_drop_does_not(tmp_path, trials):
    assert expectations.stored(Results(trials), TOP1, tmp_path / "references.yaml") == 11
    expected = expectations.read(tmp_path / "references.yaml")
    assert all(finding.good for finding in check(expected, Results(trials)))
    worse = trials.assign(**{TOP1: trials[TOP1] - 0.1 * (trials["cell"] == CELL)})
    assert [f.text.split(",")[0] for f in check(expected, Results(worse)) if not f.good] == [CELL]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("expect: []", "at least 1"),
        ("expect: [{cell: a}]", "one of mean, at_least"),
        ("expect: [{cell: a, mean: 1}]", "go together"),
        ("expect: [{cell: a, mean: 1, tolerence: 1}]", "tolerence"),
        ("expect: [", "not YAML"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(tmp_path, text, said):
    path = tmp_path / "references.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        expectations.read(path)
