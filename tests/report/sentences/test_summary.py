import pandas as pd
import pytest
from probeline.report.results.results import Results
from probeline.report.sentences.summary import answer
from probeline.report.tables import tables

TOP1 = "linear_probe/top1"


def say(trials, baseline="random_init", metric=TOP1):
    results = Results(trials)
    return answer(results, metric, baseline, results.layout())


def sections(said):
    return {section.title: section.sentences for section in said.sections}


def test_the_lead_names_the_best_line_with_its_interval(trials):
    lead = say(trials).lead
    assert lead.startswith("supervised has the highest linear probe top-1 accuracy: 74.")
    assert "95% interval" in lead and "3 seeds" in lead and "averaged over batch size 64, 128, 256" in lead


def test_an_arm_that_leads_is_not_said_to_be_averaged_over_the_axis(make):
    lead = say(make.trials(arms={"raw_pixels": 0.9})).lead
    assert lead.startswith("raw_pixels has the highest linear probe top-1 accuracy: 9")
    assert lead.endswith("; the grid's lines are averaged over batch size 64, 128, 256.")


def test_every_line_is_compared_with_the_baseline(trials):
    against = say(trials).baseline
    assert against.title == "Against random_init"
    assert [s.split(" random_init")[0] for s in against.sentences if "Cannot" not in s] == [
        "supervised beats", "simclr beats", "raw_pixels is worse than",
    ]  # fmt: skip
    assert len(against.sentences) == 4


def test_lines_are_ranked_where_all_have_results(make, trials):
    for row in (9, 10, 11):
        trials = make.fail(trials, row)
    titles = list(sections(say(trials)))
    assert titles[0].endswith("averaged over batch size 128, 256, where every line has results")


def test_lines_are_compared_at_the_batch_sizes_that_both_have(make, trials):
    for row in (9, 10, 11):
        trials = make.fail(trials, row)
    changed = trials.copy()
    changed.loc[changed["cell"] == "supervised batch_size=64", TOP1] = 0.01
    rotation = [[s for s in say(t, "supervised").baseline.sentences if "rotation" in s] for t in (trials, changed)]
    assert rotation[0] == rotation[1] != []


def test_what_is_missing_is_counted(make, trials):
    frame = make.fail(make.fail(trials, 0), 1, "missing", None, None)
    assert sections(say(frame))["Not in these numbers"] == (
        "2 of 33 trials without a result (1 diverged, 1 missing). They are in no mean; each n says so.",
    )


def test_a_trial_that_finished_without_the_metric_says_why(trials):
    frame = trials.assign(notes=pd.Series([{}] * len(trials), dtype=object))
    rows = frame.index[frame["cell"] == "raw_pixels"]
    frame.loc[rows, TOP1] = None
    for row in rows:
        frame.at[row, "notes"] = {"linear_probe": "it needs labels", "knn": "not this one"}
    assert sections(say(frame))["Not in these numbers"] == (
        "3 of 33 trials without a result (3 finished without it). They are in no mean; each n says so.",
        "raw_pixels: it needs labels.",
    )
    table = tables.failures(Results(frame), TOP1)
    assert {row[-1].text for row in table.rows} == {"it needs labels"}


def test_without_a_result_there_is_no_answer(make, trials):
    for row in range(len(trials)):
        trials = make.fail(trials, row)
    said = say(trials)
    assert said.lead == "No trial has finished with linear_probe/top1 yet, so there is no answer."
    assert list(sections(said)) == ["Not in these numbers"]


def test_one_seed_is_reported_without_an_interval_or_a_claim(make):
    said = say(make.trials(seeds=1))
    assert "1 seed, so no interval" in said.lead
    assert all(sentence.startswith("Cannot tell") for sentence in said.baseline.sentences)


def test_a_lower_error_is_the_best(trials):
    assert "has the lowest linear probe calibration error" in say(trials, metric="linear_probe/ece").lead


@pytest.mark.parametrize("baseline", [None, "byol"])
def test_without_a_baseline_nothing_is_compared_with_one(trials, baseline):
    said = say(trials, baseline)
    expected = () if baseline is None else ("The plan has nothing to compare with byol.",)
    assert said.baseline.sentences == expected


def test_a_name_cannot_reorder_the_sentence_around_it(make):
    said = say(make.trials(levels={"שיטה\u202e": 0.9}))
    assert said.lead.startswith("\u2068שיטה\u2069 has the highest")
    assert sections(said)["Effect of batch size, 64 to 256"][0].startswith(
        "Cannot tell \u2068שיטה\u2069 at batch size 256"
    )


def test_of_many_comparisons_the_claims_are_told_and_the_rest_is_counted(make):
    levels = {f"method {i:02}": 0.6 for i in range(14)} | {"far": 0.9}
    found = make.trials(levels=levels, seeds=5)
    said = say(found, "random_init")
    along = next(section for section in said.sections if section.title.startswith("Effect of batch size"))
    assert along.sentences == ("15 of 15 comparisons cannot tell their two sides apart.",)
    assert any(sentence.startswith("far beats random_init") for sentence in said.baseline.sentences)


def test_one_cell_without_axes_is_called_by_its_name_and_ranked_among_nobody(make):
    found = make.trials(levels={"simclr": 0.7}, sizes=(64,), arms={}, seeds=2)
    found = found.drop(columns=["method", "training.batch_size"]).assign(cell="mine")
    said = say(found, None)
    assert said.lead.startswith("mine reaches a linear probe top-1 accuracy of") and said.sections == ()
